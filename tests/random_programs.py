"""Random NumPy programs: small functions of several statements that NumPy itself runs without an error at two sizes."""
from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st

PARAMETERS = ("a", "b", "v", "w", "i", "mask", "c")
SIZES = ({"n": 23, "m": 17}, {"n": 6, "m": 5})
"""At the first of them no two extents that a program's slices make are equal, so that equal extents mean equal expressions."""
DTYPES = ("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "float32", "float64", "complex128")
INPUTS = """(rng.uniform(-2, 2, (n, m)), rng.integers(0, 9, (n, m)).astype(np.{b}), rng.uniform(-2, 2, n).astype(np.{v}),
            rng.uniform(-2, 2, m).astype(np.{w}), rng.integers(0, n, n), rng.random(n) < 0.5, 2)"""
SLICES = ("1:", ":-1", "1:-1", "2:", ":-2", "::-1", "::2", "1::2", "-2:0:-1", ":", "-3:", ":3")
UNARY = ("-{}", "abs({})", "np.sqrt(np.abs({}))", "np.exp(-np.abs({}))", "np.sin({})", "({0}) * ({0})", "({}) ** 2", "np.floor({})",
         "np.where({0} > 0.5, {0}, 1)", "np.clip({}, -1, 2)", "({}).astype(np.float32)", "({}).real", "~(({}) > 0)", "({}).copy()")
BINARY = ("({}) + ({})", "({}) - ({})", "({}) * ({})", "({}) / (1 + abs({}))", "np.minimum({}, {})", "np.maximum({}, {})",
          "np.where(({0}) > ({1}), {1}, {0})", "(({}) < ({})) * 1.5", "({}) // (2 + abs({}))", "({}) % (3 + abs({}))")
REDUCTIONS = ("sum", "mean", "max", "min", "any", "all", "prod", "argmax")
ELEMENTS = ("{e} * 0.5", "{e} + {f}", "{e} - {f} * {f}", "abs({e})", "np.sqrt(abs({e}))", "math.exp(-abs({e}))", "max({e}, 0.0)", "min({e}, {f})",
            "({e} if {f} > 0 else 0.5)", "{e} / (1 + abs({f}))", "float({e} > {f})", "int({e}.real)", "{e} * k", "np.tanh({e})")
HELPERS = ("return {e}", "t = {e}\n    return t * 2", "if {c}:\n        return {e} * 1\n    return {e} * 2", "t = {e}\n    if {c}:\n        t = t + 1\n    return t",
           "x[:1] += 1\n    return {e}", "for row in x:\n        if row.sum() > 1:\n            return {e} * 1\n    return {e} * 3")
MASKS = ("mask", "~mask", "{x} > 0", "mask & ({x} < 1)")


class Builder:
    """Draws one program. Every expression and statement is tried on NumPy at once, and drawn as something else if it fails;
    `lines` holds what succeeded, `state` the variables at the first size after it."""

    def __init__(self, draw: Callable[[Any], Any]) -> None:
        self.draw = draw
        self.dtypes = {"b": self.one_of(DTYPES), "v": self.one_of(("float64", "float32", "int32")), "w": self.one_of(("float64", "float32"))}
        self.inputs = INPUTS.format(**self.dtypes)
        self.lines: list[str] = []
        self.helpers: list[str] = []
        self.state = arguments(self.inputs, SIZES[0])
        self.fresh = 0

    def one_of(self, things: Any) -> Any:
        return self.draw(st.sampled_from(list(things)))

    def chance(self, of: int) -> bool:
        return self.draw(st.integers(1, of)) == of

    # -- expressions --------------------------------------------------------------------------------------------

    def arrays(self, ndim: int | None = None) -> list[str]:
        return [n for n, x in self.state.items() if isinstance(x, np.ndarray) and x.ndim and x.size and (ndim is None or x.ndim == ndim)]

    def seen(self, text: str) -> Any:
        """What NumPy makes of the expression at the first size; None where it fails or holds what no number tells apart."""
        try:
            with np.errstate(all="ignore"):
                value = eval(text, {"np": np, "math": math}, copied(self.state))  # noqa: S307 - the text is this module's own
        except Exception:  # noqa: BLE001 - an expression that NumPy refuses is drawn again
            return None
        whole = np.asarray(value)
        sane = whole.dtype.kind in "biufc" and whole.size and whole.ndim <= 3 and np.all(np.abs(whole.astype(complex)) < 1e6)
        return value if sane else None

    def expression(self, depth: int) -> str:
        """An expression that is an array, mostly."""
        if depth == 0:
            return self.leaf()
        way = self.draw(st.integers(0, 6))
        if way <= 1:
            text = self.one_of(UNARY).format(self.expression(depth - 1))
        elif way <= 3:
            text = self.two(depth)
        elif way == 4:
            text = self.reduced(self.expression(depth - 1))
        elif way == 5:
            text = self.partner(self.expression(depth - 1))
        else:
            return self.leaf()
        return text if self.seen(text) is not None else self.leaf()

    def two(self, depth: int) -> str:
        left, operator = self.expression(depth - 1), self.one_of(BINARY)
        for _ in range(3):
            text = operator.format(left, self.expression(depth - 1))
            if self.seen(text) is not None:
                return text
        return operator.format(left, self.one_of(("2", "0.5", "c", "a[1, 2]", left)))

    def leaf(self) -> str:
        name = self.one_of(self.arrays())
        for _ in range(3):
            text = self.partner(name) if self.chance(2) else name
            if self.seen(text) is not None:
                return text
        return name

    def partner(self, text: str) -> str:
        """A part of an array, or the array in another arrangement."""
        value = self.seen(text)
        ndim = getattr(value, "ndim", 0)
        text = text if text.isidentifier() else f"({text})"
        if ndim == 0:
            return text
        if ndim == 1:
            form = self.one_of(("[{s}]", "[:, None]", "[None, :]", "[i % {x}.shape[0]]", "[{x} > 0]", "[-1]", "[c]"))
        else:
            form = self.one_of(("[{s}]", "[{s}, {t}]", "[:, {s}]", ".T", "[c]", "[:, -1]", "[i % {x}.shape[0]]", "[:, i[:4] % 5]",
                                "[i[1:], i[:-1] % 5]", "[mask]", "[{x} > 0]", "[..., 1]", "[None]", "[-1, {s}]"))
        return text + form.format(x=text, s=self.one_of(SLICES), t=self.one_of(SLICES))

    def reduced(self, text: str) -> str:
        ndim = getattr(self.seen(text), "ndim", 0)
        kind = self.one_of(REDUCTIONS)
        options = self.one_of(("", "axis=0", "axis=-1", "axis=0, keepdims=True") if ndim > 1 else ("",))
        return f"np.{kind}({text}{', ' if options else ''}{options})"

    # -- statements ---------------------------------------------------------------------------------------------

    def statement(self, margin: str = "    ") -> None:
        """One statement more, unless what was drawn fails at either size."""
        lines = self.one_of((self.assigned, self.assigned, self.into, self.into, self.into, self.view, self.swap, self.masked, self.at,
                             self.loop, self.branch, self.rows, self.nested, self.list_of_elements, self.comprehension, self.whiled,
                             self.helped))()
        whole = [*self.lines, *lines]
        states = [variables(whole, self.inputs, size, self.helpers) for size in SIZES]
        if all(s is not None and sane(s) for s in states):
            self.lines, self.state = whole, {k: v for k, v in states[0].items() if k in self.state or k.startswith("t")}  # type: ignore[union-attr]

    def name(self) -> str:
        self.fresh += 1
        return f"t{self.fresh}"

    def assigned(self) -> list[str]:
        return [f"{self.name()} = {self.expression(2)}"]

    def into(self) -> list[str]:
        name = self.one_of(self.arrays())
        place = self.partner(name) if self.chance(2) else name
        value = self.one_of((self.expression(2), place, self.partner(name), "1", "c"))
        if place == name:
            return [f"{name} {self.one_of(('+=', '-=', '*='))} {value}"]
        return [f"{place} {self.one_of(('=', '=', '+=', '-=', '*='))} {self.one_of(('{}', '2 - {}')).format(value)}"]

    def view(self) -> list[str]:
        name, view = self.one_of(self.arrays()), self.name()
        part = self.partner(name)
        return [f"{view} = {part if np.ndim(self.seen(part)) else name}", f"{view} {self.one_of(('+=', '*='))} {self.one_of(('1', name, view, self.expression(1)))}"]

    def swap(self) -> list[str]:
        name, other = self.one_of(self.arrays()), self.one_of(self.arrays())
        return [f"{name}, {other} = {other}, {name}"]

    def masked(self) -> list[str]:
        name = self.one_of(self.arrays())
        vector = self.one_of(self.arrays(1))
        mask = self.one_of(MASKS).format(x=self.one_of((name, vector)))
        right = self.one_of(("0", f"{name}[{mask}] * 2", f"{name}[{mask}].max()", f"{vector}[{mask}]", self.expression(1)))
        if self.chance(3):
            mask += ", 1:"
        return [f"{name}[{mask}] {self.one_of(('=', '+=', '*='))} {right}"]

    def at(self) -> list[str]:
        name = self.one_of(self.arrays())
        return [self.one_of(("{x}[i % {x}.shape[0]] = {e}", "{x}[i % {x}.shape[0]] += {e}", "np.add.at({x}, i % {x}.shape[0], {e})",
                             "{x}[-1 - i % 3] = {e}")).format(x=name, e=self.one_of(("1", "c", "v", self.expression(1))))]

    def loop(self) -> list[str]:
        x, y = self.one_of(self.arrays()), self.one_of(self.arrays())
        header = self.one_of(("for k in range(1, 4):", "for k in range(3, 0, -1):", f"for k in range(1, {x}.shape[0] - 1):", "for k in (1, 2):"))
        body = self.one_of((f"{x}[k] += {y}[k - 1]", f"{x}[k] = {y}[k - 1] * 0.5", f"{x}[1:] -= {x}[:-1] * 0.5", f"{x}[k:] += {y}[:-k]",
                            f"{x}[:, k] = {y}[k, 0]", f"{x}, {y} = {y}, {x}", f"if {x}[k].sum() > 0: break", f"{x} = {x} * 0.5"))
        return [header, f"    {body}"]

    def branch(self) -> list[str]:
        x = self.one_of(self.arrays())
        name = self.one_of((x, self.name()))
        text, other = self.expression(1), self.seen(f"{x} + 1")
        one = self.seen(text)
        if other is None or one is None or (np.shape(one), np.asarray(one).dtype) != (other.shape, other.dtype):  # a variable has one type
            text = f"{x} * 2"
        return [f"if {x}.sum() > {self.one_of(('0', 'c', '1e9'))}:", f"    {name} = {text}", "else:", f"    {name} = {x} + 1"]

    def rows(self) -> list[str]:
        x = self.one_of(self.arrays(2))
        name = self.name()
        return [f"{name} = 0.0", f"for row in {x}:", self.one_of((f"    {name} += row.sum()", "    row += 1", f"    {name} = max({name}, row[0])"))]

    # -- statements of loops, lists and helpers -----------------------------------------------------------------

    def element(self, *places: str) -> str:
        """An expression of elements, such as `x[k] * 0.5`; `places` are the indices of one and of two dimensions that may be read."""
        def part() -> str:
            place = self.one_of(places)
            return f"{self.one_of(self.arrays(place.count(',') + 1))}[{place}]"

        return self.one_of(ELEMENTS).format(e=part(), f=part())

    def nested(self) -> list[str]:
        x, name = self.one_of(self.arrays(2)), self.name()
        value, other = (self.element("k, l", "k - 1, l", "k, l + 1", "k", "l") for _ in range(2))
        body = self.one_of(([f"{x}[k, l] = {value}"], [f"{x}[k, l] += {value}", f"{name} += {x}[k, l]"], [f"{name} += {value}"],
                            [f"if {other} > 0.5:", "    continue", f"{x}[k, l] -= {value}"], [f"{name} = max({name}, 1.0 * {value})"],
                            [f"if {other} > 0.5:", f"    {name} += 1", "    break", f"{x}[k, l] *= 0.5"],
                            ["for j in range(2):", f"    {x}[k, l] += {x}[k - j, l - j] * 0.25"]))
        between = [f"    {name} = 0.0"] if self.chance(3) else []
        after = [f"    {x}[k, 0] = {name}"] if self.chance(3) else []
        return [f"{name} = 0.0", f"for k in range(1, {self.one_of(('4', f'{x}.shape[0] - 1'))}):", *between,
                f"    for l in range({self.one_of(('1', 'k'))}, {x}.shape[1] - 1):", *(f"        {line}" for line in body), *after]

    def list_of_elements(self) -> list[str]:
        name, x = self.name(), self.one_of(self.arrays(2))
        value = self.one_of((self.element("k", "k - 1"), self.element("k", "k - 1"), f"{x}[k]", f"{x}[k].sum()", f"({self.element('k')}, 1.0 * k)",
                             f"{x}[k, 1:3] * 2"))
        test = self.one_of(([], [], [f"    if {self.element('k')} > 0.25:", f"        {self.one_of(('continue', 'break'))}"]))
        lists = [f"{name} = [{self.one_of(('', '', value.replace('k', '1')))}]", f"for k in range(1, {self.one_of(('4', '5'))}):", *test]
        if self.chance(3):
            lists = [lists[0], "for j in range(3):", *(f"    {line}" for line in lists[1:]), f"        {name}.append({value})"]
        else:
            lists.append(f"    {name}.append({value})")
        return [*lists, self.one_of((f"{name} = np.array({name})", f"{name} = sum({name})", f"{name} = len({name})", f"{name} = np.mean({name}, axis=0)"))]

    def comprehension(self) -> list[str]:
        name, x = self.name(), self.one_of(self.arrays(2))
        over = self.one_of(("for k in range(1, 5)", f"for k in range(1, 5) if {self.element('k')} > 0", "for k in range(1, 3) for l in range(k)",
                            f"for k, row in enumerate({x})", f"for row, k in zip({x}, range(4))"))
        value = self.one_of((self.element("k", "k, 1"), self.element("k"), f"{x}[k].max()", f"[{self.element('k')} for j in range(2)]",
                             "row.sum()" if "row" in over else f"{x}[k, 0]"))
        ways = ("np.array([{}])", "np.sum([{}])") if value.startswith("[") else ("np.array([{}])", "sum({})", "max([{}])", "np.sum([{}])", "any({})")
        return [f"{name} = {self.one_of(ways).format(f'{value} {over}')}"]

    def whiled(self) -> list[str]:
        x, name = self.one_of(self.arrays(2)), self.name()
        test = self.one_of((f"{name} < 4", f"{name} < 4 and {x}[{name}].sum() < 2", f"{name} < 4 and not np.any({x}[{name}] > 1)"))
        body = self.one_of(([f"{x}[{name}] += 1"], [f"{x}[{name}:] *= 0.5"], [f"if {x}[{name}].sum() > 1:", "    break"], [f"{x} = {x} * 0.5"]))
        return [f"{name} = 0", f"while {test}:", *(f"    {line}" for line in body), f"    {name} += 1"]

    def helped(self) -> list[str]:
        """A call of a helper that is made for it."""
        x, y = self.one_of(self.arrays()), self.one_of(self.arrays())
        whole = self.state
        self.state = {"x": whole[x], "y": whole[y]}
        text = self.expression(2)
        helper = self.one_of(HELPERS).format(e=text, c=self.one_of(("x.sum() > 0", "y.shape[0] > 7", "x.max() > y.max()")))
        self.state = whole
        name = f"helper_{len(self.helpers)}"
        self.helpers.append(f"def {name}(x, y):\n    {helper}\n")
        result = self.name()
        return self.one_of(([f"{result} = {name}({x}, {y})"], [f"{result} = {name}({x}, {y}) + {name}({x} * 2, {y})"],
                            [f"{result} = {name}({self.partner(x)}, {y})"], ["for k in range(2):", f"    {result} = {name}({x}, {y})"]))

    def result(self) -> str:
        held = [n for n in self.state if n.startswith("t") and is_result(self.state[n])]
        return ", ".join([f"({self.expression(1)}) * 1", *(f"{name} * 1" for name in held[-2:])])


def arguments(inputs: str, size: dict[str, int]) -> dict[str, Any]:
    made = eval(inputs, {"np": np, "rng": np.random.default_rng(5), **size})  # noqa: S307 - the text is this module's own
    return dict(zip(PARAMETERS, made, strict=True))


def copied(state: dict[str, Any]) -> dict[str, Any]:
    return {k: x.copy() if isinstance(x, np.ndarray) else x for k, x in state.items()}


def is_result(value: Any) -> bool:
    return isinstance(value, np.ndarray | np.generic | int | float) and np.asarray(value).dtype.kind in "biufc"


def sane(state: dict[str, Any]) -> bool:
    return all(np.all(np.abs(np.asarray(x).astype(complex)) < 1e6) for x in state.values() if is_result(x))


def program_text(lines: list[str], result: str) -> str:
    return "\n    ".join([f"def made({', '.join(PARAMETERS)}):", *lines, f"return {result}"])


def call(text: str, inputs: str, size: dict[str, int], helpers: Sequence[str] = ()) -> Any:
    """What the program returns; None where NumPy refuses it."""
    scope: dict[str, Any] = {"np": np, "math": math}
    try:
        exec("".join(helpers) + text, scope)  # noqa: S102 - the text is this module's own
        with np.errstate(all="ignore"):
            return scope["made"](**arguments(inputs, size))
    except Exception:  # noqa: BLE001 - a program that NumPy refuses is none
        return None


def variables(lines: list[str], inputs: str, size: dict[str, int], helpers: Sequence[str]) -> dict[str, Any] | None:
    """The program's variables after these lines; None where NumPy refuses one of them."""
    return call(program_text(lines, "locals()"), inputs, size, helpers)


def made(draw: Callable[[Any], Any], statements: int) -> tuple[str, str, str]:
    """The text of a function `made` of PARAMETERS, the expression of its inputs in `rng`, `n` and `m`, and the helpers that it calls."""
    builder = Builder(draw)
    for _ in range(draw(st.integers(1, statements))):
        builder.statement()
    for _ in range(3):
        result, lines = builder.result(), builder.lines
        if builder.chance(4):
            at = builder.draw(st.integers(0, len(lines)))
            while at < len(lines) and lines[at].startswith((" ", "else")):
                at += 1
            early = [f"if {builder.one_of(builder.arrays())}.sum() > {builder.one_of(('0', '5'))}:", f"    return {result}"]
            lines = [*lines[:at], *early, *lines[at:]]
        text = program_text(lines, result)
        if all(call(text, builder.inputs, size, builder.helpers) is not None for size in SIZES):
            return text, builder.inputs, "".join(builder.helpers)
    return program_text(builder.lines, "c"), builder.inputs, "".join(builder.helpers)


programs = st.composite(made)
