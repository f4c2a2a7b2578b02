"""Counting one run of a text."""
from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..candidate import Candidate, CandidateError
from ..identity.runs import to_fill
from ..interpret.namespace import FILENAME
from ..signature import Signature
from ..spec import KernelSpec, copy_arguments
from . import text
from .arrays import CountingArray, wrapped
from .calls import FILENAMES
from .errors import NotCounted
from .tally import Tally, tallied
from .work import Work

assert FILENAME in FILENAMES


def of_reference(spec: KernelSpec, arguments: Sequence[Any], deadline: float = math.inf) -> Work:
    """The work of the spec's function on these arguments, which are left as they are. Raises NotCounted."""
    return _counted(lambda: text.reference(spec), arguments, (), Tally(deadline=deadline))


def of_candidate(kernel: Candidate, arguments: Sequence[Any], signature: Signature, deadline: float = math.inf) -> Work:
    """The work of a candidate's text. Raises NotCounted."""
    outputs = to_fill(kernel, arguments, signature, np.empty)
    return _counted(lambda: text.candidate(kernel), arguments, outputs, Tally(deadline=deadline, compiled=True))


def _counted(opened: Callable[[], Callable[..., Any]], arguments: Sequence[Any], outputs: Sequence[Any], tally: Tally) -> Work:
    used = tuple(wrapped(argument) for argument in copy_arguments(tuple(arguments)))
    tally.watch(used)
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            kernel = opened()
            with tallied(tally):
                result = kernel(*used, *(wrapped(output) for output in outputs))
    except (NotCounted, CandidateError, MemoryError):
        raise
    except RecursionError:
        raise NotCounted("it calls itself too deeply to be counted") from None
    except Exception as error:  # noqa: BLE001 - interpreted in another way than it is run, a text may raise anything
        raise NotCounted(f"{type(error).__name__} while it was counted: {error}"[:200]) from error
    returned = () if result is None else result if isinstance(result, tuple) else (result,)
    return tally.work([*(value for value in returned if isinstance(value, CountingArray | np.ndarray | np.generic | int | float | complex)), *outputs])
