"""Data only: run presets, language-model profiles and cluster files."""
