"""Families of inputs for differential tests: what a reference takes beside its generator's own draws.

`domain` says on which inputs, and at which elements, reference and candidate must agree; `traits` what a generator built
into its arguments and a family keeps; each further file holds some families; `drive` lets Hypothesis run through them.
"""
from __future__ import annotations

from collections.abc import Sequence

from . import integers, layouts, magnitudes, scalars, sizes, specials, values
from .family import Family, Listed

FAMILIES: Sequence[Family | Listed] = (
    sizes.Sized(), *values.FAMILIES, *magnitudes.FAMILIES, *specials.FAMILIES, *integers.FAMILIES, *scalars.FAMILIES, *layouts.FAMILIES,
    sizes.Large(),
)
