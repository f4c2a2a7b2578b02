"""Proofs: what is asked of a champion beyond the search's own checks. One proof a file; `registry` holds them all."""
