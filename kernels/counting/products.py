"""Products that sum, convolutions, transforms and linear algebra: their operations by formula."""
from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .costs import Cost, cost, is_complex, times, together
from .errors import NotCounted
from .universal import contraction, tally_price

_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


def summed(result: Any, length: int, *operands: Any) -> None:
    """Each element of `result` is a sum of `length` products of two operands."""
    dtypes = [_array(operand).dtype for operand in operands]
    complexes = tuple(is_complex(dtype) for dtype in dtypes)
    tally_price([np.asarray(result).dtype, *dtypes], contraction(length, complexes), int(np.size(result)))


def dot(result: Any, a: Any, b: Any, out: Any = None) -> None:
    summed(result, np.shape(a)[-1], a, b) if np.ndim(a) and np.ndim(b) else multiplied(result, a, b)


def inner(result: Any, a: Any, b: Any) -> None:
    dot(result, a, b)


def vdot(result: Any, a: Any, b: Any) -> None:
    summed(result, np.size(a), a, b)


def multiplied(result: Any, a: Any, b: Any, out: Any = None) -> None:
    """One product for each element of the result (outer, kron)."""
    complexes = (is_complex(_array(a).dtype), is_complex(_array(b).dtype))
    tally_price([np.asarray(result).dtype], cost("multiply", complexes) or {}, int(np.size(result)))


def tensordot(result: Any, a: Any, b: Any, axes: Any = 2) -> None:
    if isinstance(axes, int):
        length = math.prod(np.shape(a)[np.ndim(a) - axes:])
    else:
        first = axes[0] if isinstance(axes[0], tuple | list) else (axes[0],)
        length = math.prod(np.shape(a)[axis] for axis in first)
    summed(result, length, a, b)


def cross(result: Any, a: Any, b: Any, *_: Any, **__: Any) -> None:
    """Two products and a difference for each component."""
    complexes = (is_complex(_array(a).dtype), is_complex(_array(b).dtype))
    price = together(times(cost("multiply", complexes) or {}, 2), cost("subtract", (any(complexes),) * 2) or {})
    tally_price([np.asarray(result).dtype], price, int(np.size(result)))


def trace(result: Any, a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1, **_: Any) -> None:
    length = np.diagonal(a, offset, axis1, axis2).shape[-1]
    complex_too = is_complex(_array(a).dtype)
    tally_price([np.asarray(result).dtype], cost("add", (complex_too,) * 2) or {}, int(np.size(result)) * max(0, length - 1))


def einsum(result: Any, *operands: Any, **options: Any) -> None:
    """The operands contracted pair by pair in the order that takes the fewest operations, whatever order the text asks for."""
    labels, arrays, out = _subscripts(operands)
    extents: dict[str, int] = {}
    for subscripts, array in zip(labels, arrays):
        for label, length in zip(subscripts, array.shape):
            extents[label] = max(length, extents.get(label, 1))
    formula = ",".join(labels) + "->" + out
    pairs = np.einsum_path(formula, *arrays, optimize="optimal")[0][1:] if len(arrays) > 2 else [tuple(range(len(arrays)))]
    terms = [(subscripts, is_complex(array.dtype)) for subscripts, array in zip(labels, arrays)]
    for pair in pairs:
        chosen = [terms[place] for place in pair]
        terms = [term for place, term in enumerate(terms) if place not in pair]
        left = set(out).union(*(subscripts for subscripts, _ in terms))
        involved = "".join(dict.fromkeys("".join(subscripts for subscripts, _ in chosen)))
        kept = "".join(label for label in involved if label in left)
        everything, results = (math.prod(extents[label] for label in group) for group in (involved, kept))
        complexes = tuple(c for _, c in chosen)
        product = (cost("multiply", complexes) or {}) if len(chosen) > 1 else {}
        sums = (cost("add", (any(complexes),) * 2) or {}) if everything > results else {}
        # A product's sum begins at zero, by custom; a plain sum at its first element.
        additions = everything if len(chosen) > 1 else everything - results
        tally_price([np.asarray(result).dtype], together(times(product, everything), times(sums, additions)))
        terms.append((kept, any(complexes)))


def _subscripts(operands: Sequence[Any]) -> tuple[list[str], list[np.ndarray], str]:
    """Labels of each operand, the operands, labels of the result. An ellipsis is given labels of its own."""
    if not isinstance(operands[0], str):  # np.einsum(a, [0, 1], b, [1, 2], [0, 2])
        arrays = [_array(operand) for operand in operands[: len(operands) // 2 * 2 : 2]]
        lists = [*operands[1::2], *([operands[-1]] if len(operands) % 2 else [])]
        texts = ["".join("..." if label is Ellipsis else _LETTERS[int(label)] for label in part) for part in lists]
        text = ",".join(texts[: len(arrays)]) + ("->" + texts[-1] if len(operands) % 2 else "")
    else:
        text, arrays = operands[0].replace(" ", ""), [_array(operand) for operand in operands[1:]]
    left, arrow, out = text.partition("->")
    labels = left.split(",")
    if not arrow:
        letters = left.replace(",", "").replace(".", "")
        out = ("..." if "..." in left else "") + "".join(sorted(c for c in set(letters) if letters.count(c) == 1))
    spare = [letter for letter in _LETTERS if letter not in text]
    widest = 0
    for place, (subscripts, array) in enumerate(zip(labels, arrays)):
        if "..." in subscripts:
            hidden = array.ndim - len(subscripts) + 3
            widest = max(widest, hidden)
            labels[place] = subscripts.replace("...", "".join(spare[:hidden][::-1]))
    return labels, arrays, out.replace("...", "".join(spare[:widest][::-1]))


def convolve(result: Any, a: Any, v: Any, mode: Any = None) -> None:
    """One product for each pair of elements that meet, and one sum less for each element of the result."""
    n, m = np.size(a), np.size(v)
    length, full = int(np.size(result)), n + m - 1
    pairs = n * m
    if length != full:
        first = (full - length) // 2  # the middle of the full result
        pairs = sum(min(k + 1, n, m, full - k) for k in range(first, first + length))
    complexes = (is_complex(_array(a).dtype), is_complex(_array(v).dtype))
    price = together(times(cost("multiply", complexes) or {}, pairs), times(cost("add", (any(complexes),) * 2) or {}, pairs - length))
    tally_price([np.asarray(result).dtype], price)


def interp(result: Any, x: Any, xp: Any, fp: Any, *_: Any, **__: Any) -> None:
    """Two sums and a product for each point, and a slope for each interval, or each point where these are fewer."""
    points, slopes = int(np.size(x)), min(int(np.size(x)), max(0, np.size(xp) - 1))
    tally_price([np.asarray(result).dtype], {"add": 2 * points + 2 * slopes, "multiply": points, "divide": slopes})


def bincount(result: Any, x: Any, weights: Any = None, minlength: int = 0) -> None:
    if weights is not None:
        tally_price([np.asarray(result).dtype], {"add": 1}, int(np.size(x)))


def histogram(result: Any, a: Any, bins: Any = 10, range: Any = None, density: Any = None, weights: Any = None) -> None:  # noqa: A002
    """Equal bins: a difference and a product for each value; given edges are searched, which compares."""
    if np.ndim(bins) == 0:
        tally_price([_array(a).dtype], {"add": 1, "multiply": 1}, int(np.size(a)))
    if weights is not None:
        tally_price([_array(weights).dtype], {"add": 1}, int(np.size(a)))


def norm(result: Any, x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> None:  # noqa: A002
    n, outs = int(np.size(x)), int(np.size(result))
    vectors = axis is not None and not isinstance(axis, tuple) or np.ndim(x) == 1
    dtype = _array(x).dtype
    if ord in (None, "fro") or (ord == 2 and vectors):
        products = 2 * n if is_complex(dtype) else n
        tally_price([dtype], {"multiply": products, "add": products - outs, "sqrt": outs})
    elif vectors and ord in (1, np.inf, -np.inf):
        tally_price([dtype], {"add": n - outs if ord == 1 else 0})
    else:
        raise NotCounted(f"what np.linalg.norm with ord={ord!r} costs is not known")


def cov(result: Any, m: Any, y: Any = None, rowvar: bool = True, *_: Any, **options: Any) -> None:
    """Means, differences to them, and the product of the matrix with itself, of which symmetry saves half."""
    if y is not None or options.get("fweights") is not None or options.get("aweights") is not None:
        raise NotCounted("what np.cov of two matrices or with weights costs is not known")
    variables = np.shape(m)[0 if rowvar else -1] if np.ndim(m) > 1 else 1
    n = int(np.size(m))
    pairs = variables * (variables + 1) // 2
    tally_price([np.asarray(result).dtype], {
        "add": 2 * n - variables + pairs * (n // max(1, variables) - 1), "divide": variables + pairs, "multiply": pairs * (n // max(1, variables))})


def corrcoef(result: Any, x: Any, y: Any = None, rowvar: bool = True, **_: Any) -> None:
    """The covariance, and two quotients by a standard deviation for each of its elements."""
    cov(result, x, y, rowvar)
    variables = np.shape(result)[0] if np.ndim(result) else 1
    tally_price([np.asarray(result).dtype], {"divide": 2 * variables * variables, "sqrt": variables})


def angle(result: Any, *_: Any, **__: Any) -> None:
    tally_price([np.asarray(result).dtype], {"elementary": 1}, int(np.size(result)))


def sinc(result: Any, *_: Any, **__: Any) -> None:
    tally_price([np.asarray(result).dtype], {"elementary": 1, "multiply": 1, "divide": 1}, int(np.size(result)))


def between_ranks(result: Any, *_: Any, **__: Any) -> None:
    """Linear interpolation between two values; the sorting before it compares alone."""
    tally_price([np.asarray(result).dtype], {"add": 2, "multiply": 1}, int(np.size(result)))


def fourier(points: int, transforms: int, real: bool) -> Mapping[str, int]:
    """Additions and multiplications of the split-radix transform: 4 n log2 n - 6 n + 8 in all, half of it for real data
    (Yavne 1968); the same formula, rounded down, serves lengths that are no power of two."""
    flops = max(0, int(4 * points * math.log2(points) - 6 * points + 8)) if points > 1 else 0
    return {"add": (flops // 2 if real else flops) * transforms}


def fft(name: str) -> Any:
    """The rule for one of np.fft's transforms."""
    real = name.lstrip("i").startswith(("r", "h"))
    inverse = name.startswith(("i", "hfft"))

    def rule(result: Any, a: Any, *arguments: Any, **options: Any) -> None:
        whole = result if inverse and real else a  # the side that holds all points
        shape = np.shape(whole) if real else np.shape(result)
        if name.endswith("2"):
            axes: Any = options.get("axes", (-2, -1))
        elif name.endswith("n"):
            axes = options.get("axes") or tuple(range(len(shape)))
        else:
            axes = (options.get("axis", arguments[1] if len(arguments) > 1 else -1),)
        total = math.prod(shape)
        price: Cost = {}
        for axis in axes:
            price = together(price, fourier(shape[axis], total // max(1, shape[axis]), real))
        tally_price([_array(result).dtype], price)

    return rule


def factorised(formula: Any) -> Any:
    """The rule for a routine of np.linalg on n by n matrices: `formula(n, k)` operations each, k right-hand sides."""

    def rule(result: Any, a: Any, b: Any = None, *_: Any, **__: Any) -> None:
        n = np.shape(a)[-1]
        sides = 0 if b is None else max(1, int(np.size(b)) // max(1, math.prod(np.shape(a)[:-1])))
        matrices = math.prod(np.shape(a)[:-2])
        operations = int(formula(n, sides)) * matrices
        tally_price([_array(a).dtype], {"multiply": operations // 2, "add": operations - operations // 2})

    return rule


LINEAR_ALGEBRA: Mapping[str, Any] = {
    # Golub and Van Loan, Matrix Computations: terms of second order that depend on the variant are left out.
    "solve": factorised(lambda n, k: 2 * n**3 // 3 + 2 * n * n * k),
    "inv": factorised(lambda n, k: 2 * n**3),
    "det": factorised(lambda n, k: 2 * n**3 // 3),
    "cholesky": factorised(lambda n, k: n**3 // 3),
    "norm": norm,
}


def _array(value: Any) -> np.ndarray:
    return value if isinstance(value, np.ndarray) else np.asarray(value)
