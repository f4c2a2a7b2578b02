"""Families of inputs for differential tests: what a reference takes beside its generator's own draws.

`domain` says on which inputs, and at which elements, reference and candidate must agree; `traits` what a generator built
into its arguments and a family keeps; each further file holds some families; `drive` lets Hypothesis run through them.
"""
