"""Which of NumPy's functions there are here, by their names under `np`."""
from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import numpy as np

from .errors import Unsupported


@lru_cache(maxsize=1)
def table() -> Mapping[str, Callable[..., Any]]:
    """Every function of the fragment that is no universal function ("sum", "linalg.norm", ...)."""
    from . import allocation, arrangement, ordering, products, reductions, selections

    return {**arrangement.TABLE, **allocation.TABLE, **reductions.TABLE, **selections.TABLE,
            **ordering.TABLE, **products.TABLE}


def known(function: Callable[..., Any]) -> Callable[..., Any]:
    """Ours for one of NumPy's. Raises Unsupported where there is none."""
    found = _by_function().get(function)
    if found is None:
        raise Unsupported(f"np.{getattr(function, '__name__', function)}")
    return found


@lru_cache(maxsize=1)
def _by_function() -> Mapping[Callable[..., Any], Callable[..., Any]]:
    found = {}
    for name, ours in table().items():
        theirs: Any = np
        for part in name.split("."):
            theirs = getattr(theirs, part, None)
        if theirs is not None:
            found[theirs] = ours
    return found
