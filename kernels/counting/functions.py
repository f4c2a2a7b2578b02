"""NumPy's functions over counted arrays: which only move data, which are made of others, and which go by a formula.

A function that stands nowhere here is refused: to take it for free would make the count wrong in silence.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from . import products
from .arrays import CountingArray, bare, counted_in, read, wrapped, wrote
from .errors import NotCounted

Rule = Callable[[Callable[..., Any], tuple[Any, ...], dict[str, Any]], Any]

_MOVING = (
    "reshape ravel transpose swapaxes moveaxis rollaxis squeeze expand_dims broadcast_to broadcast_arrays atleast_1d atleast_2d "
    "atleast_3d split array_split hsplit vsplit dsplit flip fliplr flipud rot90 diagonal real imag matrix_transpose permute_dims "
    "where concatenate concat stack hstack vstack dstack column_stack block tile repeat roll pad take take_along_axis choose "
    "select compress extract copy delete insert append resize diag diagflat tril triu argmax argmin nanargmax nanargmin "
    "argsort sort lexsort partition argpartition sort_complex searchsorted digitize nonzero flatnonzero argwhere count_nonzero "
    "unique isin intersect1d union1d setdiff1d setxor1d any all array_equal round around fix nan_to_num iscomplex isreal "
    "meshgrid ix_ packbits unpackbits ravel_multi_index unravel_index trim_zeros triu_indices_from tril_indices_from "
    "lib.stride_tricks.as_strided lib.stride_tricks.sliding_window_view linalg.matrix_transpose linalg.diagonal "
    "fft.fftshift fft.ifftshift unstack isclose allclose isposinf isneginf astype"
)
_ASKING = (
    "shape size ndim zeros_like empty_like ones_like full_like may_share_memory shares_memory result_type can_cast "
    "min_scalar_type iscomplexobj isrealobj common_type array2string array_repr array_str"
)
_WRITING = "copyto put place putmask put_along_axis fill_diagonal"
_COMPOSED = (
    "sum prod mean var std cumsum cumprod max min amax amin ptp clip diff gradient trapezoid average nansum nanprod nanmean "
    "nanvar nanstd nanmax nanmin polyval apply_along_axis apply_over_axes median nanmedian linalg.matrix_power "
    "piecewise "
    "cumulative_sum cumulative_prod ediff1d"
)
"""Written in Python over universal functions, and careful not to strip our arrays: what they do is counted in them."""
_FORMULAS: Mapping[str, Callable[..., None]] = {
    "dot": products.dot, "inner": products.inner, "vdot": products.vdot, "outer": products.multiplied,
    "kron": products.multiplied, "tensordot": products.tensordot, "einsum": products.einsum, "trace": products.trace,
    "cross": products.cross, "convolve": products.convolve, "correlate": products.convolve, "interp": products.interp,
    "bincount": products.bincount, "histogram": products.histogram, "cov": products.cov,
    "corrcoef": products.corrcoef, "angle": products.angle, "sinc": products.sinc,
    "percentile": products.between_ranks, "quantile": products.between_ranks, "linalg.matmul": products.dot,
    "linalg.outer": products.multiplied, "linalg.trace": products.trace, "linalg.tensordot": products.tensordot,
    "linalg.cross": products.cross,
    **{f"linalg.{name}": rule for name, rule in products.LINEAR_ALGEBRA.items()},
    **{f"fft.{name}": products.fft(name) for name in (
        "fft", "ifft", "rfft", "irfft", "fft2", "ifft2", "rfft2", "irfft2", "fftn", "ifftn", "rfftn", "irfftn")},
}


def apply(function: Callable[..., Any], arguments: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """What the function gives for counted arrays. Raises NotCounted."""
    rule = RULES.get(function)
    if rule is None:
        raise NotCounted(f"what {title(function)} costs is not known")
    return rule(function, arguments, options)


def title(function: Any) -> str:
    """A function's name as people write it."""
    module = (getattr(function, "__module__", None) or "").replace("numpy", "np", 1)
    name = getattr(function, "__qualname__", None) or getattr(function, "__name__", repr(function))
    return f"{module}.{name}" if module and module != "builtins" else name


def _moved(function: Callable[..., Any], arguments: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """Views read nothing; copies read all of their operands."""
    result = function(*bare(arguments), **{name: bare(value) for name, value in options.items()})
    made = [part for part in _arrays(result)]
    operands = [array for array in counted_in((arguments, {n: v for n, v in options.items() if n != "out"}))]
    if not made or not any(_overlap(part, array) for part in made for array in operands):
        for array in operands:
            read(array)
    return _delivered(result, options)


def _asked(function: Callable[..., Any], arguments: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """Looks at shapes and types alone."""
    return wrapped(function(*bare(arguments), **{name: bare(value) for name, value in options.items()}))


def _written(function: Callable[..., Any], arguments: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """Writes to its first operand."""
    function(*bare(arguments), **{name: bare(value) for name, value in options.items()})
    for array in counted_in((arguments[1:], options)):
        read(array)
    for array in counted_in(arguments[0]):
        wrote(array)


def _composed(function: Callable[..., Any], arguments: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """Executes NumPy's own text; the universal functions in it come by here again."""
    return wrapped(function._implementation(*arguments, **options))  # type: ignore[attr-defined]


def _by_formula(formula: Callable[..., None]) -> Rule:
    def rule(function: Callable[..., Any], arguments: tuple[Any, ...], options: dict[str, Any]) -> Any:
        plain, bare_options = bare(arguments), {name: bare(value) for name, value in options.items()}
        result = function(*plain, **bare_options)
        formula(result[0] if isinstance(result, tuple) else result, *plain, **bare_options)
        for array in counted_in((arguments, {n: v for n, v in options.items() if n != "out"})):
            read(array)
        return _delivered(result, options)

    return rule


def _delivered(result: Any, options: dict[str, Any]) -> Any:
    out = options.get("out")
    if isinstance(out, CountingArray):
        wrote(out)
        return out
    return wrapped(result)


def _arrays(value: Any) -> Iterator[np.ndarray]:
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, tuple | list):
        for part in value:
            yield from _arrays(part)


def _overlap(one: np.ndarray, other: np.ndarray) -> bool:
    return np.may_share_memory(bare(one), bare(other))


def _rules() -> dict[Any, Rule]:
    rules: dict[Any, Rule] = {}
    families: Sequence[tuple[str, Rule]] = ((_MOVING, _moved), (_ASKING, _asked), (_WRITING, _written), (_COMPOSED, _composed))
    for names, rule in families:
        for name in names.split():
            rules[_numpy(name)] = rule
    for name, formula in _FORMULAS.items():
        rules[_numpy(name)] = _by_formula(formula)
    rules.pop(None, None)
    return rules


def _numpy(dotted: str) -> Any:
    """The function of that name; None where this NumPy has none."""
    found: Any = np
    for part in dotted.split("."):
        found = getattr(found, part, None)
    return found


RULES = _rules()
