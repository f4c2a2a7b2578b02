"""Suites in the NPBench layout: a benchmark's description, initialiser and reference become a spec like any other.

A made spec's text imports `inputs` where it is opened, also on workers; what reads suites is imported by nobody else.
"""
