"""Where errors are looked for: all numbers of float32, random ones of float64, and those that are known to be hard."""
from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

import mpmath
import numpy as np

from ....kernels.vecmath import VecFunction

CHUNK = 1 << 20
BITS = {"float32": np.uint32, "float64": np.uint64}
RANGES: Mapping[str, tuple[tuple[float, float], ...]] = MappingProxyType({
    "exp": ((-745.2, 709.8), (-2, 2)), "exp2": ((-1075, 1024), (-2, 2)), "expm1": ((-40, 709.8), (-2, 2)),
    "log": ((0.4, 3), (0, 1e3)), "log2": ((0.4, 3), (0, 1e3)), "log10": ((0.4, 3), (0, 1e3)), "log1p": ((-1, 2), (-1, 1e3)),
    "sin": ((-8, 8), (-(2.0**24), 2.0**24)), "cos": ((-8, 8), (-(2.0**24), 2.0**24)), "tan": ((-8, 8), (-(2.0**24), 2.0**24)),
    "sinh": ((-710.5, 710.5), (-2, 2)), "cosh": ((-710.5, 710.5), (-2, 2)), "tanh": ((-20, 20), (-1, 1)),
    "sigmoid": ((-745.2, 40), (-5, 5)), "erf": ((-6, 6), (-1.2, 1.2)),
    "atan": ((-4, 4), (-100, 100)), "asin": ((-1, 1),), "acos": ((-1, 1),), "atan2": ((-4, 4), (-100, 100)),
    "cbrt": ((-10, 10),), "rsqrt": ((0, 10),),
})
"""Between which bounds most arguments are drawn, but for pow."""


def every(dtype: str) -> Iterator[np.ndarray]:
    """All numbers of float32 in chunks."""
    assert dtype == "float32"
    for start in range(0, 1 << 32, CHUNK):
        yield np.arange(start, start + CHUNK, dtype=np.uint32).view(np.float32)


def within_limit(function: VecFunction, x: np.ndarray) -> np.ndarray:
    """The arguments that the function takes."""
    return x if function.limit is None else x[~(np.abs(x) > function.limit)]


def drawn(function: VecFunction, count: int, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """`count` random arguments for each parameter: a quarter by random bits, the others evenly within RANGES."""
    some = count // 4
    any_bits = tuple(_any_bits(function, some, rng) for _ in range(function.arity))
    if function.name == "pow":
        columns = _bases_and_exponents(function, count - some, rng)
    else:
        columns = tuple(_within(RANGES[function.name], count - some, rng) for _ in range(function.arity))
        rng.shuffle(columns[0])
    return tuple(np.concatenate([bits, column.astype(function.dtype)]) for bits, column in zip(any_bits, columns))


def _within(bounds: tuple[tuple[float, float], ...], count: int, rng: np.random.Generator) -> np.ndarray:
    shares = [part.size for part in np.array_split(np.empty(count), len(bounds))]
    return np.concatenate([rng.uniform(*bound, share) for bound, share in zip(bounds, shares)])


def _bases_and_exponents(function: VecFunction, count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Half of the bases below 4, the others of any magnitude; exponents with which the power is neither 0 nor infinite."""
    bases = np.concatenate([rng.uniform(0, 4, count // 2).astype(function.dtype), np.abs(_any_bits(function, count - count // 2, rng))])
    limits = np.finfo(function.dtype)
    with np.errstate(all="ignore"):
        logs = np.log(bases.astype(np.float64))
        exponents = rng.uniform(np.log(float(limits.smallest_subnormal)), np.log(float(limits.max)), count) / logs
    return bases, np.where(np.isfinite(exponents), np.clip(exponents, -limits.max, limits.max), 0.5)


def _any_bits(function: VecFunction, count: int, rng: np.random.Generator) -> np.ndarray:
    kind = BITS[function.dtype]
    x = rng.integers(0, np.iinfo(kind).max, count, kind, endpoint=True).view(function.dtype)
    return x if function.limit is None else np.where(np.abs(x) <= function.limit, x, x.dtype.type(0.5))


def hard(function: VecFunction) -> np.ndarray:
    """Finite arguments of a function of one parameter at which it is hard, with neighbours on both sides."""
    with mpmath.workdps(60):
        points = [*_HARD.get(function.name, lambda: [])(), *(2.0**e for e in range(-30, 4, 3)), 0.5, 0.7071, 1.0, 1.4142]
    limits = np.finfo(function.dtype)
    points += [limits.tiny, limits.smallest_subnormal, float(limits.tiny) * 0.7, limits.max]
    with np.errstate(over="ignore"):
        x = np.array([float(point) for point in points]).astype(function.dtype)
    near = np.concatenate([x, *(_moved(x, steps) for steps in (-2, -1, 1, 2))])
    both = np.abs(near) if function.name in _POSITIVE else np.concatenate([near, -near])
    if function.name in ("asin", "acos"):
        both = both[np.abs(both) <= 1]
    if function.name == "log1p":
        both = both[both > -1]
    return within_limit(function, both[np.isfinite(both) & (both != 0)])


def _moved(x: np.ndarray, steps: int) -> np.ndarray:
    for _ in range(abs(steps)):
        with np.errstate(over="ignore"):
            x = np.nextafter(x, x.dtype.type(np.copysign(np.inf, steps)))
    return x


_POSITIVE = frozenset({"log", "log2", "log10", "rsqrt"})


def _near_multiples() -> list[float]:
    """Numbers up to 2**24 in float64 that are as near as any to a multiple of pi / 2.

    Of the m 2**e, those for which m / n is a convergent of the continued fraction of 2**-e pi / 2.
    """
    found = []
    for e in range(-53, -28):
        rest, (m, m_before), (n, n_before) = mpmath.ldexp(mpmath.pi / 2, -e), (1, 0), (0, 1)
        while m < 2**53:
            whole = int(mpmath.floor(rest))
            m, m_before, n, n_before = whole * m + m_before, m, whole * n + n_before, n
            if 2**40 < m < 2**53 and n:
                found.append(float(mpmath.ldexp(m, e)))
            rest = 1 / (rest - whole)
    return found


_POWERS = (0, 1, 2, 5, 20, 52, 53, 54, 150, 1000, 1022)
_HARD = {
    **dict.fromkeys(("sin", "cos", "tan"), lambda: [*_near_multiples(), *(turn * mpmath.pi / 4 for turn in (1, 2, 3, 4, 5, 6, 7, 355, 1001, 1e6))]),
    **dict.fromkeys(("exp", "expm1", "sinh", "cosh", "tanh", "sigmoid"),
                    lambda: [(k + 0.5) * mpmath.log(2) / part for k in _POWERS for part in (1, 2)]),
    "exp2": lambda: [k + 0.5 for k in (0, 1, 2, 50, 126, 148, 149, 1021, 1022, 1073, 1074)],
    "log1p": lambda: [mpmath.sqrt(2) - 1, 1 - mpmath.sqrt(2) / 2, 3.0, 1e16, 0.999999],
    **dict.fromkeys(("log", "log2", "log10"), lambda: [1000.0, 1.0001, 0.9999, 1 / mpmath.sqrt(2), mpmath.sqrt(2)]),
    "atan": lambda: [mpmath.tan(mpmath.pi / 8), mpmath.tan(3 * mpmath.pi / 8), 1e10],
    "cbrt": lambda: [27.0, 2.0, 4.0, 8.0, 1e-300, 1e300],
    "erf": lambda: [0.84, 0.9, 1.25, 2.0, 3.0, 5.5, 5.9],
}
