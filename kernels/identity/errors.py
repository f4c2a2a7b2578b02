"""How a run over residues ends early: it leaves the fragment, cannot decide a branch, or takes too long."""
from __future__ import annotations


class Unsupported(Exception):
    """A construct outside the fragment; the message names it."""


class Ambiguous(Exception):
    """Two numbers agree in all digits that we compute but not in their residues, so that no branch can be taken on
    them; or a residue happens to have no inverse. Other inputs may decide it."""


class Exhausted(Exception):
    """The run takes more steps or seconds than it was given."""
