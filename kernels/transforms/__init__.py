"""Rewrites that need no model: each a file with `NAME` and `propose(candidate, signature)`, which states its legality,
proves it on the candidate's text, then yields every legal site."""
from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache

from ..analysis import Undecided
from ..candidate import Candidate, CandidateError
from ..dialect import check_text
from ..signature import Signature
from . import (
    accumulators,
    contract_array,
    expand,
    fission,
    forward,
    fuse,
    hoist,
    inline_views,
    interchange,
    options,
    parallel,
    powers,
    scalarise,
    schedule,
    streamline,
    tile,
    uncompress,
    unroll_jam,
    unsigned,
    vectorise_functions,
    views,
)
from .draft import Rewrite

ROUNDING = frozenset({powers.NAME, vectorise_functions.NAME})
"""Transforms that round otherwise than the functions of NumPy and Python."""

__all__ = ["ROUNDING", "TRANSFORMS", "Rewrite", "propose_all", "propose_with"]

Propose = Callable[[Candidate, Signature], Iterator[Rewrite]]
_MODULES = (schedule, options, parallel, streamline, expand, interchange, tile, fuse, contract_array, hoist, scalarise, forward, accumulators,
            unroll_jam, fission, views, uncompress, inline_views, unsigned, powers, vectorise_functions)
TRANSFORMS: Mapping[str, Propose] = {module.NAME: module.propose for module in _MODULES}


def propose_all(candidate: Candidate, signature: Signature, *, max_threads: int, finite: bool = False) -> list[Rewrite]:
    """Every rewrite of `candidate`, each distinct candidate once; none where its text cannot be analysed.

    max_threads: what the `threads` option may rise to. finite: inputs and results are known to be finite numbers.
    """
    found: dict[str, Rewrite] = {}
    for name in TRANSFORMS:
        for rewrite in propose_with(name, candidate, signature, max_threads=max_threads, finite=finite):
            found.setdefault(rewrite.candidate.identity, rewrite)
    found.pop(_identity(candidate), None)
    return list(found.values())


def propose_with(name: str, candidate: Candidate, signature: Signature, *, max_threads: int, finite: bool = False) -> list[Rewrite]:
    """The rewrites of the transform `name`, as `propose_all` collects them of all: far cheaper where one is wanted."""
    propose = TRANSFORMS[name]
    if name != options.NAME and not _in_dialect(candidate.text):
        return []
    found: list[Rewrite] = []
    try:
        found.extend(options.propose(candidate, signature, max_threads=max_threads, finite=finite) if name == options.NAME
                     else propose(candidate, signature))
    except (CandidateError, Undecided, RecursionError):
        pass                                        # the text is outside what this rewrite understands: it declines
    return found


@lru_cache(maxsize=256)
def _in_dialect(text: str) -> bool:
    """A reference's own text may use what the analysis knows nothing of, such as lists and dictionaries."""
    return not check_text(text)


def _identity(candidate: Candidate) -> str:
    try:
        return candidate.identity
    except CandidateError:
        return ""
