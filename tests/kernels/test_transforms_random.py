"""Every rewrite of random loop nests, also composed, keeps the results; every parallel loop keeps them in any order."""
from __future__ import annotations

import math
import random
import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kernwright.kernels.candidate import Candidate
from kernwright.kernels.signature import Argument, Output, Signature
from kernwright.kernels.transforms import propose_all

EXTENT = 24
SIGNATURE = Signature(
    (Argument("a", "array", "int64", 2, written=True), Argument("b", "array", "int64", 2, written=True),
     Argument("c", "array", "int64", 1, written=True), Argument("d", "array", "int64", 1, written=True),
     Argument("idx", "array", "int64", 1), Argument("n", "int", "int64"), Argument("m", "int", "int64")),
    (Output("int", "int64"),))
RANKS = {"a": 2, "b": 2, "c": 1, "d": 1, "t": 1, "w": 2}


class Program:
    """A random kernel: loops of many shapes, affine and gathered subscripts (some negative), scalars, views, swaps."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.arrays = {"a": 2, "b": 2, "c": 1, "d": 1}
        self.scalars = ["s", "q"]
        self.budget = rng.randint(3, 9)
        self.name = 0

    def text(self) -> str:
        rng = self.rng
        lines = ["def kernel(a, b, c, d, idx, n, m):", "    s = 0", "    q = 1"]
        if rng.random() < 0.4:
            lines.append("    t = np.zeros(24, np.int64)")
            self.arrays["t"] = 1
        if rng.random() < 0.3:
            lines.append(f"    w = np.zeros(({rng.choice(['24, 24', 'n + 24, 24'])}), np.int64)")
            self.arrays["w"] = 2
        if rng.random() < 0.3:
            lines.append("    " + rng.choice(["v = a[1:]", "v = b.T", "v = a", "v = a if n > 2 else b", "v = a[2:, 1:]", "v = a[:, ::1]",
                                              "v = w0[0:24]"]).replace("w0", rng.choice("ab")))
            self.arrays["v"] = 2
        if rng.random() < 0.3:
            lines.append("    " + rng.choice(["u = c[2:]", "u = c", "u = a[3]", "u = c if m > 1 else d", "u = c[::-1]", "u = b[:, 2]"]))
            self.arrays["u"] = 1
        if rng.random() < 0.6:                    # few arrays: more dependences
            kept = rng.sample(sorted(self.arrays), 2)
            self.arrays = {name: self.arrays[name] for name in self.arrays if name in kept or name in "tuvw"}
        while self.budget > 0:
            lines += self.statement(1, ())
        lines.append("    return s + 3 * q")
        return "\n".join(lines) + "\n"

    def block(self, depth: int, loops: tuple[str, ...]) -> list[str]:
        lines = []
        for _ in range(self.rng.choice((1, 1, 1, 2, 2, 3))):
            lines += self.statement(depth, loops)
        return lines

    def statement(self, depth: int, loops: tuple[str, ...]) -> list[str]:
        rng, pad = self.rng, "    " * depth
        self.budget -= 1
        if rng.random() < 0.12 and len(loops) < 2:
            self.budget -= 2
            return rng.choice((self.twins, self.accumulator, self.temporary))(depth, loops)
        kind = rng.random()
        if (not loops or kind < 0.4) and len(loops) < 3 and self.budget > -6:
            return self.loop(depth, loops)
        if kind < 0.5 and self.budget > -6:
            return [f"{pad}if {self.condition(loops)}:", *self.block(depth + 1, loops)]
        if kind < 0.7:
            name = rng.choice(["s", "s", "q", "x", "y"])
            if name in "sq":
                form = rng.choice([f"{name} += {self.value(loops)}", f"{name} = max({name}, {self.value(loops)})",
                                   f"{name} = {name} + {self.value(loops)}", f"{name} -= {self.value(loops)}"])
                return [pad + form]
            self.scalars.append(name)
            return [f"{pad}{name} = {self.value(loops)}"]
        if kind < 0.73 and loops:
            return [f"{pad}if {self.condition(loops)}:", f"{pad}    {rng.choice(['continue', 'continue', 'break'])}"]
        if kind < 0.76 and self.arrays.get("t"):
            return [pad + rng.choice(["t[:] = 0", "t = np.zeros(24, np.int64)", "c, d = d, c", "t = c.copy()", "t = c"])]
        if kind < 0.79 and loops:
            return [f"{pad}r = {rng.choice('ab')}[{self.index(loops)}]", f"{pad}r[{self.index(loops)}] = {self.value(loops)}"]
        if kind < 0.82 and loops:
            return [f"{pad}z = np.empty(24, np.int64)", f"{pad}for e in range(24):", f"{pad}    z[e] = {self.value(loops)}",
                    f"{pad}s += z[{self.index(loops)}]"]
        operator = rng.choice(["=", "=", "+=", "-="])
        return [f"{pad}{self.element(loops)} {operator} {self.value(loops)}"]

    def loop(self, depth: int, loops: tuple[str, ...]) -> list[str]:
        rng = self.rng
        fresh = [v for v in "ijkl" if v not in loops]
        variable = fresh[0] if rng.random() < 0.85 else rng.choice(fresh)
        outer = rng.choice(loops) if loops else "2"
        bounds = rng.choice(["n", "n", "m", "m", "n", "3", "1, n", "n, m + 2", "n - 1, -1, -1", "0, n, 2", "1, m + 3, 3", f"{outer} + 1",
                             f"{outer}, n", f"n - {outer}", "m, n", "min(n, 3)", f"max(1, {outer}), n", "n // 2"])
        header = f"{'    ' * depth}for {variable} in range({bounds}):"
        if rng.random() < 0.35 and len(loops) < 2:
            return [header, *self.loop(depth + 1, (*loops, variable))]
        return [header, *self.block(depth + 1, (*loops, variable))]

    def twins(self, depth: int, loops: tuple[str, ...]) -> list[str]:
        """Two or three loops with one header, and perhaps statements between them."""
        first = self.loop(depth, loops)
        lines = first
        for _ in range(self.rng.choice((1, 1, 2))):
            if self.rng.random() < 0.3:
                name = self.rng.choice(["x", "y", "p"])
                lines = [*lines, "    " * depth + f"{name} = {self.rng.choice(['n + 1', 'm', '2', 'n * m'])}"]
            variable = first[0].split()[1]
            lines = [*lines, first[0], *self.block(depth + 1, (*loops, variable))]
        return lines

    def accumulator(self, depth: int, loops: tuple[str, ...]) -> list[str]:
        """A sum over one or two inner loops for each element."""
        rng, pad = self.rng, "    " * depth
        outer, inner, third = [v for v in "ijklefg" if v not in loops][:3]
        name = rng.choice(["acc", "acc", "x"])
        within = (*loops, outer, inner)
        lines = [f"{pad}for {outer} in range({rng.choice(['n', 'm', '3'])}):", f"{pad}    {name} = {self.value((*loops, outer))}",
                 f"{pad}    for {inner} in range({rng.choice(['n', 'm', '2, m', f'{outer}', 'n - 1, -1, -1'])}):"]
        deeper = pad + "        "
        if rng.random() < 0.3:
            lines.append(f"{deeper}for {third} in range(2):")
            within, deeper = (*within, third), deeper + "    "
        if rng.random() < 0.4:
            other = rng.choice(["x", "y"])
            lines.append(f"{deeper}{other} = {self.value(within)}")
            lines.append(f"{deeper}{name} += {other} * {rng.choice([other, self.element(within)])}")
        else:
            lines.append(deeper + rng.choice([f"{name} += {self.value(within)}", f"{name} = max({name}, {self.value(within)})",
                                              f"{name} = {name} * 2 - {self.value(within)}"]))
        if rng.random() < 0.2:
            lines.append(f"{pad}    y = {name} + {self.value((*loops, outer))}")
        array = rng.choice(list(self.arrays))
        index = ", ".join([self.index((*loops, outer)) for _ in range(self.arrays[array] - 1)] + [outer])
        return [*lines, f"{pad}    {array}[{index}] = {rng.choice([name, name, name + ' + 1', self.element((*loops, outer)) + ' + ' + name])}"]

    def temporary(self, depth: int, loops: tuple[str, ...]) -> list[str]:
        """An array that one loop nest fills and the next one reads, not always at the same index."""
        rng, pad = self.rng, "    " * depth
        i, j = [v for v in "ijklef" if v not in loops][:2]
        self.name += 1
        name = f"g{self.name}"
        two = rng.random() < 0.6
        shape = rng.choice(["(24, n + 24)", "(n + 24, 24)"]) if two else "24"
        make = f"{pad}{name} = np.{rng.choice(['empty', 'empty', 'zeros'])}({shape}, np.int64)"
        fill = f"{name}[{i}, {j}]" if two else f"{name}[{j if rng.random() < 0.8 else i}]"
        header_i, header_j = f"{pad}for {i} in range(n):", f"{pad}    for {j} in range({rng.choice(['m', 'n', '24', i])}):"
        other_j = header_j if rng.random() < 0.8 else f"{pad}    for {j} in range(m):"
        read = fill if rng.random() < 0.7 else fill.replace(i, f"{i} - 1").replace(j, rng.choice([j, f"{j} + 1", f"{j} - 1"]))
        deep = pad + "        "
        lines = [header_i, header_j, f"{deep}{fill} = {self.value((*loops, i, j))}"]
        target = f"{deep}{self.element((*loops, i, j))} {rng.choice(['=', '+='])} {read} + {self.value((*loops, i, j))}"
        style = rng.random()
        if style < 0.4:
            lines += [header_i, other_j, target]
        elif style < 0.7:
            lines += [other_j, target]
        else:
            lines += [target]
        where = rng.random()
        if where < 0.6:
            return [make, *lines]
        return [lines[0], "    " + make, *lines[1:]] if style >= 0.4 else [make, *lines]

    def index(self, loops: tuple[str, ...]) -> str:
        rng = self.rng
        if not loops or rng.random() < 0.08:
            return rng.choice(["0", "1", "5", "-1", "n", "m + 1"])
        first = rng.choice(loops)
        kind = rng.random()
        if kind < 0.5:
            return first
        if kind < 0.75:
            return f"{first} {rng.choice('+-')} {rng.randint(1, 3)}"
        if kind < 0.85 and len(loops) > 1:
            return f"{first} {rng.choice('+-')} {rng.choice(loops)}"
        if kind < 0.9:
            return f"2 * {first} + {rng.randint(0, 2)}"
        if kind < 0.95:
            return f"idx[{first}]"
        return rng.choice([f"{first} // 2", f"n - {first}", f"{first} % 3", f"min({first}, 2)", f"max({first} - 1, 0)", f"{first} * n"])

    def element(self, loops: tuple[str, ...]) -> str:
        array = self.rng.choice(list(self.arrays))
        return f"{array}[{', '.join(self.index(loops) for _ in range(self.arrays[array]))}]"

    def value(self, loops: tuple[str, ...]) -> str:
        rng = self.rng
        kind = rng.random()
        if kind < 0.45:
            return self.element(loops)
        if kind < 0.65:
            return f"{self.element(loops)} {rng.choice('+-*')} {self.element(loops)}"
        if kind < 0.8:
            return f"{rng.choice(self.scalars)} + {self.element(loops)}"
        if kind < 0.9 and loops:
            return f"{rng.choice(loops)} * {rng.randint(1, 5)} + 1"
        return str(rng.randint(-3, 7))

    def condition(self, loops: tuple[str, ...]) -> str:
        rng = self.rng
        left = rng.choice(loops) if loops else "n"
        return rng.choice([f"{left} > {rng.randint(0, 3)}", f"{self.element(loops)} > 2", f"{left} < {rng.choice([*loops, 'm'])}",
                           f"{left} == {rng.randint(0, 2)}", f"{left} % 2 == 0", f"{left} > 0 and {self.element(loops)} > 0"])


class Tracked:
    """An array that tells a log which of its cells are read and written."""

    def __init__(self, array: np.ndarray, log: Log) -> None:
        self.array, self.log = array, log

    shape = property(lambda self: self.array.shape)
    T = property(lambda self: Tracked(self.array.T, self.log))

    def __len__(self) -> int:
        return len(self.array)

    def __getitem__(self, index):
        part = self.array[index]
        if isinstance(part, np.ndarray):
            return Tracked(part, self.log)
        self.log.touch(self.array, index, False)
        return part

    def __setitem__(self, index, value) -> None:
        cells = self.array[index]
        if isinstance(cells, np.ndarray):
            for position in np.ndindex(cells.shape):
                self.log.touch(cells, position, True)
        else:
            self.log.touch(self.array, index, True)
        self.array[index] = value

    def fill(self, value) -> None:
        self[:] = value

    def copy(self) -> Tracked:
        for position in np.ndindex(self.array.shape):
            self.log.touch(self.array, position, False)
        return Tracked(self.array.copy(), self.log)


class Log:
    """Cells that iterations of one `prange` at a time touch. `races`: what two iterations touch, one of them writing."""

    def __init__(self) -> None:
        self.iteration: int | None = None
        self.cells: dict[int, dict[int, bool]] = {}
        self.kept: list[np.ndarray] = []
        self.races = 0

    def touch(self, array: np.ndarray, index, write: bool) -> None:
        if self.iteration is None:
            return
        index = index if isinstance(index, tuple) else (index,)
        address = array.__array_interface__["data"][0] + sum(
            (int(i) % extent) * stride for i, extent, stride in zip(index, array.shape, array.strides))
        by = self.cells.setdefault(address, {})
        by[self.iteration] = by.get(self.iteration, False) or write
        if len(by) > 1 and any(by.values()):
            self.races += 1

    def prange(self, *bounds):
        assert self.iteration is None, "nested parallel loops"
        self.cells = {}
        for self.iteration in range(*bounds):
            yield self.iteration
        self.iteration = None


class Numpy:
    """NumPy whose `empty` is full of rubbish, and whose arrays may be tracked."""

    def __init__(self, log: Log | None = None, rubbish: int = 77777) -> None:
        self.log = log
        self.rubbish = rubbish

    def __getattr__(self, name):
        return getattr(np, name)

    def _made(self, array):
        if self.log is None:
            return array
        self.log.kept.append(array)               # no address is used twice
        return Tracked(array, self.log)

    def empty(self, *args):
        array = np.empty(*args)
        array[...] = self.rubbish
        return self._made(array)

    def zeros(self, *args):
        return self._made(np.zeros(*args))


class Undefined(Exception):
    """What a program leaves depends on memory that it has not written, so that no rewrite need keep it."""


def defined_outcome(text: str, n: int, m: int):
    """As `outcome`; Undefined where the rubbish shows."""
    found = outcome(text, n, m)
    return found if found == outcome(text, n, m, rubbish=-55555) else Undefined


def outcome(text: str, n: int, m: int, prange=range, log: Log | None = None, rubbish: int = 77777):
    """What the kernel leaves: result and arrays; or the exception's type."""
    rng = np.random.default_rng(17 * n + m)
    arrays = [rng.integers(-3, 9, (EXTENT, EXTENT)), rng.integers(-3, 9, (EXTENT, EXTENT)), rng.integers(-3, 9, EXTENT),
              rng.integers(-3, 9, EXTENT), rng.integers(0, EXTENT, EXTENT)]
    namespace = {"np": Numpy(log, rubbish), "math": math, "prange": log.prange if log else prange}
    exec(compile(text, "<kernel>", "exec"), namespace)  # noqa: S102 - our own text
    given = [Tracked(array, log) for array in arrays] if log else arrays
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            result = namespace["kernel"](*given, n, m)
    except (IndexError, NameError, OverflowError, ValueError) as error:
        return type(error)
    return [int(result), *(array.tolist() for array in arrays)]


def any_order(seed: int):
    def prange(*bounds):
        order = list(range(*bounds))
        random.Random(seed).shuffle(order)
        return order[::-1] if seed == 0 else order
    return prange


SIZES = ((0, 0), (1, 2), (2, 1), (3, 3), (5, 4), (0, 3))


def check(parent: Candidate, text: str, expected: dict, note: str) -> None:
    for (n, m), want in expected.items():
        if isinstance(want, type):
            continue
        for prange in (range, any_order(0), any_order(1)) if "prange" in text else (range,):
            got = outcome(text, n, m, prange)
            assert got == want, f"n={n} m={m}: {note}\n{parent.text}\n=>\n{text}\n{got if isinstance(got, type) else ''}"
        if "prange" in text:
            log = Log()
            outcome(text, n, m, log=log)
            assert not log.races, f"race, n={n} m={m}: {note}\n{text}"


def explore(rng: random.Random, depth: int = 3, width: int = 6) -> int:
    """Checks all rewrites of a random program, then some of the rewrites of those; returns how many it checked."""
    candidate = Candidate(Program(rng).text())
    expected = {size: defined_outcome(candidate.text, *size) for size in SIZES}
    if all(isinstance(v, type) for v in expected.values()):
        return 0
    checked = 0
    generation = [candidate]
    for level in range(depth):
        made = []
        for parent in generation:
            for rewrite in propose_all(parent, SIGNATURE, max_threads=1):
                if rewrite.candidate.text == parent.text:
                    continue
                check(parent, rewrite.candidate.text, expected, f"{rewrite.transform}: {rewrite.note}, level {level}")
                made.append(rewrite.candidate)
                checked += 1
        generation = rng.sample(made, min(width, len(made)))
        generation = [c.with_tunables({t.name: rng.choice((1, 2, 3)) for t in c.tunables}) for c in generation]
    return checked


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 10**9))
def test_rewrites_of_random_loop_nests_compute_the_same(seed: int) -> None:
    explore(random.Random(seed), width=3)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 10**9))
def test_rewrites_of_many_random_loop_nests_compute_the_same(seed: int) -> None:
    explore(random.Random(seed))
