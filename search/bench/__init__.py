"""Bench: measurements of Kernwright itself, for a quiet machine; the figures in the documentation come from here."""
