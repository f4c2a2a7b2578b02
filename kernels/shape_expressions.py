"""Integer expressions over argument shapes and integer arguments that explain what was seen in several runs."""
from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, permutations, product

Values = tuple[int, ...]
TRIPLE_LIMIT = 12
"""Expressions of three quantities are searched among at most this many: they grow with the cube."""


def explain(values: Sequence[int], atoms: Mapping[str, Values]) -> str | None:
    """The simplest expression over the `atoms` that equals `values`, run by run, or None.

    values: what a dimension was in each run. atoms: name ("a.shape[0]", "n") -> its values in the same runs, in order
    of preference. A dimension that never changed is a constant, unless an atom with the same name of dimension was
    equal to it all along (a constant 0 or 1 always is one).
    """
    wanted = tuple(values)
    if not wanted:
        return None
    constant = len(set(wanted)) == 1
    if constant and wanted[0] in (0, 1):
        return str(wanted[0])
    for name, seen in atoms.items():
        if seen == wanted:
            return name
    if constant:
        return str(wanted[0])
    distinct = _distinct(atoms)
    return next((text for text, seen in _expressions(distinct) if seen == wanted), None)


def relations(atoms: Mapping[str, Values], scalars: frozenset[str], divided: Sequence[tuple[str, str]] = ()) -> tuple[str, ...]:
    """What held in every run, as Python text: divisions without a remainder, then equations, one for each atom that the atoms
    before it determine.

    scalars: the atoms that are integer arguments and not dimensions; a scalar that never changed stays free, where a
    dimension that never changed is held to its value. divided: dividend and divisor of the divisions to look at, where they are
    atoms (no float is one).
    """
    equations = []
    free: dict[str, Values] = {}
    for name, seen in atoms.items():
        constant = len(set(seen)) == 1
        if constant and name in scalars:
            continue
        if constant:
            equations.append(f"{name} == {seen[0]}")
            continue
        source = next((text for text, values in _near(free) if values == seen), None)
        if source is None:
            free[name] = seen
        else:
            equations.append(f"{name} == {source}")
    undetermined = free | {name: atoms[name] for name in scalars if len(set(atoms[name])) == 1}
    return (*_divisions(undetermined, scalars, [(atoms[one], atoms[other]) for one, other in divided if one in atoms and other in atoms]), *equations)


def _divisions(free: Mapping[str, Values], scalars: frozenset[str], divided: Sequence[tuple[Values, Values]]) -> dict[str, None]:
    """The divisions, of free atoms with these values, that leave nothing; an integer argument that divides is positive."""
    found: dict[str, None] = {}
    for dividends, divisors in divided:
        one = next((name for name, seen in free.items() if seen == dividends), None)
        other = next((name for name, seen in free.items() if seen == divisors), None)
        if one and other and one != other and min(divisors) > 0 and not any(map(int.__mod__, dividends, divisors)):
            if other in scalars:
                found[f"{other} > 0"] = None
            found[f"{one} % {other} == 0"] = None
    return found


def _distinct(atoms: Mapping[str, Values]) -> dict[str, Values]:
    """The atoms without those that repeat an earlier one's values."""
    first: dict[Values, str] = {}
    for name, seen in atoms.items():
        first.setdefault(seen, name)
    return {name: seen for seen, name in first.items()}


def _near(atoms: Mapping[str, Values]) -> Iterator[tuple[str, Values]]:
    """Each atom itself, then one or two away from it, then twice it: the relations that are no coincidence."""
    for name, seen in atoms.items():
        yield name, seen
    for step in (1, -1, 2, -2):
        for name, seen in atoms.items():
            yield _shift(name, step), tuple(v + step for v in seen)
    for name, seen in atoms.items():
        yield f"2 * {name}", tuple(2 * v for v in seen)


def _expressions(atoms: Mapping[str, Values]) -> Iterator[tuple[str, Values]]:
    """Expressions in the order of their complexity."""
    yield from _near(atoms)
    yield from _scaled(atoms)
    pairs = list(_pairs(atoms))
    yield from pairs
    for step in (1, -1, 2, -2):
        for text, seen in pairs:
            yield _shift(text, step), tuple(v + step for v in seen)
    for name, seen in atoms.items():
        yield f"{name} * ({name} - 1) // 2", tuple(v * (v - 1) // 2 for v in seen)
        yield f"{name} * ({name} + 1) // 2", tuple(v * (v + 1) // 2 for v in seen)
    yield from _stepped(atoms)
    yield from _triples(atoms)


def _scaled(atoms: Mapping[str, Values]) -> Iterator[tuple[str, Values]]:
    for name, seen in atoms.items():
        yield f"{name} // 2", tuple(v // 2 for v in seen)
        yield f"({name} + 1) // 2", tuple((v + 1) // 2 for v in seen)
        yield f"{name} // 2 + 1", tuple(v // 2 + 1 for v in seen)
        yield f"({name} - 1) // 2", tuple((v - 1) // 2 for v in seen)
        for step in (1, -1):
            yield f"2 * {name} {'+-'[step < 0]} 1", tuple(2 * v + step for v in seen)
        for factor in (3, 4, 8, 16):
            yield f"{factor} * {name}", tuple(factor * v for v in seen)
            yield f"{name} // {factor}", tuple(v // factor for v in seen)
            yield f"({name} + {factor - 1}) // {factor}", tuple((v + factor - 1) // factor for v in seen)
        for step in (3, 4, 5, 6, 7, 8):
            yield f"{name} + {step}", tuple(v + step for v in seen)
            yield f"{name} - {step}", tuple(v - step for v in seen)


def _pairs(atoms: Mapping[str, Values]) -> Iterator[tuple[str, Values]]:
    items = list(atoms.items())
    for (a, x), (b, y) in combinations(items, 2):
        yield f"{a} + {b}", tuple(map(int.__add__, x, y))
        yield f"{a} * {b}", tuple(map(int.__mul__, x, y))
        yield f"max({a}, {b})", tuple(map(max, x, y))
        yield f"min({a}, {b})", tuple(map(min, x, y))
    for name, seen in items:
        yield f"{name} * {name}", tuple(v * v for v in seen)
    for (a, x), (b, y) in permutations(items, 2):
        yield f"{a} - {b}", tuple(map(int.__sub__, x, y))
        if all(y):
            yield f"{a} // {b}", tuple(map(int.__floordiv__, x, y))
            yield f"-(-{a} // {b})", tuple(-(-p // q) for p, q in zip(x, y))


def _stepped(atoms: Mapping[str, Values]) -> Iterator[tuple[str, Values]]:
    """Shrunk or padded by a multiple of another: stencils and correlations of a given radius."""
    for (a, x), (b, y) in permutations(atoms.items(), 2):
        yield f"{a} + 2 * {b}", tuple(p + 2 * q for p, q in zip(x, y))
        yield f"{a} - 2 * {b}", tuple(p - 2 * q for p, q in zip(x, y))
        yield f"{a} * ({b} + 1)", tuple(p * (q + 1) for p, q in zip(x, y))
        yield f"{a} * ({b} - 1)", tuple(p * (q - 1) for p, q in zip(x, y))
        yield f"({a} - 1) * {b} + 1", tuple((p - 1) * q + 1 for p, q in zip(x, y))


def _triples(atoms: Mapping[str, Values]) -> Iterator[tuple[str, Values]]:
    items = list(atoms.items())[:TRIPLE_LIMIT]
    for (a, x), (b, y), (c, z) in combinations(items, 3):
        yield f"{a} + {b} + {c}", tuple(map(sum, zip(x, y, z)))
        yield f"{a} * {b} * {c}", tuple(p * q * r for p, q, r in zip(x, y, z))
    for (a, x), (b, y), (c, z) in product(items, repeat=3):
        if all(z) and b != a:
            yield f"({a} - {b}) // {c} + 1", tuple((p - q) // r + 1 for p, q, r in zip(x, y, z))
            yield f"({a} - {b}) // {c}", tuple((p - q) // r for p, q, r in zip(x, y, z))


def _shift(text: str, step: int) -> str:
    return f"{text} {'-' if step < 0 else '+'} {abs(step)}"
