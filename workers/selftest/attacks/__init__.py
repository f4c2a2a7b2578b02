"""The attacks, one file for each kind of deceit."""
from __future__ import annotations

from collections.abc import Mapping

from ..attack import Attack, by_name
from . import answers, bounds, disguise, escape, memory, races, resources, values

ATTACKS: Mapping[str, Attack] = by_name((
    *memory.ATTACKS, *bounds.ATTACKS, *values.ATTACKS, *races.ATTACKS, *resources.ATTACKS, *escape.ATTACKS,
    *disguise.ATTACKS, *answers.ATTACKS,
))
