"""Roofline: what the machine can do at most, and what a kernel's problem asks of it at least."""
