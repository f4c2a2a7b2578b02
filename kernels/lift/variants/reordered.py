"""Sums in the order that vectors like: a loop that sums up stays scalar otherwise. Legality: only rounding changes, on which
the tolerance decides; no flag assumes that there is neither nan nor inf."""
from __future__ import annotations

from dataclasses import replace

from ...candidate import Candidate
from ...idle_flags import awake
from ...signature import Signature
from ...transforms.schedule import FLAGS

NAME = "sums reordered"


def derive(candidate: Candidate, signature: Signature) -> Candidate | None:
    """The same text, with the options of `schedule`, so that the search does not propose it again."""
    return awake(replace(candidate, options=replace(candidate.options, fastmath=FLAGS, error_model="numpy")))
