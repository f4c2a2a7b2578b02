"""Data only: run presets, search strategies, language-model profiles and cluster files."""
