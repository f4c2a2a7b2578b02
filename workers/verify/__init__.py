"""Verification: one check a file. Each returns a `Check`."""
