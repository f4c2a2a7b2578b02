"""Mutation bench: champions of the library's kernels, damaged by small edits, put before the judge that verifies candidates."""
