"""Observation: runs the reference on its own inputs and notes what every expression turns out to be.

The lift infers dtypes and shapes itself where it knows the operation. It asks the observation for the rest: results of
calls that it does not know, dimensions that are always 1, subscripts that are negative or reach beyond the end, and
arrays that overlap in memory.
"""
from __future__ import annotations

import ast
import contextlib
import io
import warnings
from typing import Any

import numpy as np

from ..spec import OpenSpec, copy_arguments
from .instrument import instrumented
from .recorder import Enough, Recorder
from .seen import Instances, merge, number_nodes

SECONDS = 6.0
"""Wall time after which an observed run is cut short."""


def watch(spec: OpenSpec, functions: dict[str, ast.FunctionDef], entry: str, seed: int) -> Instances:
    """What is seen in runs at `tiny`, at sizes beside it, and at `verify`. Raises what the reference raises at `tiny`."""
    number_nodes(functions)
    instances: Instances = {}
    for position, size in enumerate(_sizes(spec)):
        try:
            arguments = spec.make_inputs(size, seed + position)
            recorder = Recorder(SECONDS)
            function = instrumented(spec, functions, entry, recorder)
            with warnings.catch_warnings(), np.errstate(all="ignore"), contextlib.redirect_stdout(io.StringIO()):
                warnings.simplefilter("ignore")
                try:
                    function(*copy_arguments(arguments))
                except Enough:
                    pass
        except Exception:  # noqa: BLE001 - the author's code may raise anything at sizes that it was not declared for
            if position == 0:
                raise
            continue
        merge(instances, recorder.instances)
    return instances


def _sizes(spec: OpenSpec) -> list[Any]:
    """`tiny`; tiny with each number raised by another amount, so that equal numbers come apart; `verify`."""
    tiny = dict(spec.sizes["tiny"])
    apart = {key: value + 1 + 2 * position for position, (key, value) in enumerate(tiny.items())}
    return ["tiny", apart, "verify", *[n for n in spec.sizes if n not in ("tiny", "verify", "benchmark") and _small(spec, n)]]


def _small(spec: OpenSpec, name: str) -> bool:
    sizes, verify = spec.sizes[name], spec.sizes["verify"]
    return all(value <= verify.get(key, 0) for key, value in sizes.items())
