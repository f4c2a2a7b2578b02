"""Special values: nan, infinities, zeros of either sign and subnormal numbers among the generator's values.

What a candidate owes. Whether an element depends on the place where a value is put is found by putting ordinary values
there, and a nan, which shows what a selection passes over. Then, element by element:
- one that does not depend on it must stay what it is: neither nan nor infinity may spread. Where the reference itself lets
  it spread (zero times nan), a candidate that skips the term is right too;
- one that depends on a nan must be nan if the reference makes it so at every place of that argument where one was tried: a
  nan must not vanish. A reference that does so at some places only (a running `if x > largest`) has no defined behaviour;
- where the reference turns a nan into a number, that number binds only if its text asks about nan (`isnan`, `nansum`, ...);
- one that depends on an infinity must be the reference's number or infinity, or else nan, which is what an equal formula
  may well make of it (inf - inf): a wrong number never is. Where the reference has nan, anything will do;
- integers bind only if the text asks about nan or inf: they cannot say that they are none, and what they select may depend
  on it without showing.
"""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ...oracle import Case
from ..leeway import Leeway
from .domain import Domain, Ground, Values
from .family import Choices, Field
from .traits import Traits


@dataclass(frozen=True)
class Special:
    """Puts nan or an infinity at one place of a float argument; zeros: every other element of the others is zero."""

    name: str
    value: float
    zeros: bool = False
    weight: float = 1.0

    def case(self, choices: Choices, field: Field) -> Case | None:
        domain = field.domain
        if domain.finite:
            return None
        ground = field.ground(choices)
        if ground is None:
            return None
        positions = [n for n, traits in enumerate(ground.traits)
                     if (traits.real or (traits.kind == "complex" and not traits.built and np.isnan(self.value)))
                     and (np.isnan(self.value) or not (traits.unit or (self.value < 0 and traits.positive)))]
        if not positions:
            return None
        position = choices.of(positions)
        value = ground.case.arguments[position]
        place = choices.of(_places(value.size))
        name = f"{self.value} in {domain.names[position]}[{', '.join(map(str, np.unravel_index(place, value.shape)))}]"
        depends = _dependence(domain, ground, position, place)
        if depends is None:
            return None
        arguments = self._with_zeros(ground, position) if self.zeros else ground.case.arguments
        if arguments is None:
            return None
        before = domain.probe.run(arguments, ground.case) if self.zeros else ground.results
        tainted = domain.probe.run(_with(arguments, position, _put(value, place, np.nan)), ground.case)
        put = _with(arguments, position, _put(value, place, self.value))
        results = tainted if np.isnan(self.value) else domain.probe.run(put, ground.case)
        if before is None or tainted is None or results is None or domain.invalid(put) in (None, "cast"):
            return None
        carried = np.isnan(self.value) and (domain.asks or domain.once(
            ("carries", position), lambda: _carries(domain, field.usual or ground, position)))
        leeway = [self._leeway(depends[n], _differs(before[n], tainted[n]), before[n], results[n], carried, domain.asks)
                  for n in range(len(results))]
        return domain.case(ground, put, f"{name}{' beside many zeros' if self.zeros else ''}", results, leeway)

    def _with_zeros(self, ground: Ground, position: int) -> Values | None:
        arguments = list(ground.case.arguments)
        changed = False
        for n, traits in enumerate(ground.traits):
            if n != position and (traits.signed or traits.kind == "complex") and traits.kind != "int" and not traits.built:
                arguments[n] = np.array(arguments[n], order="K")
                arguments[n].reshape(-1)[::2] = 0
                changed = True
        return tuple(arguments) if changed else None

    def _leeway(
        self, depends: np.ndarray, tainted: np.ndarray, before: Any, result: Any, carried: bool, asks: bool
    ) -> np.ndarray:
        """What is open of one result. depends: where ordinary values at the place change it; tainted: where nan does."""
        before, result = np.asarray(before), np.asarray(result)
        codes = np.zeros(result.shape, np.uint8)
        codes[~depends & _differs(before, result)] = Leeway.OPEN
        if result.dtype.kind not in "fc":
            codes[...] = codes if asks else Leeway.OPEN
            return codes
        is_nan = np.isnan(result)
        if np.isnan(self.value):
            codes[depends & is_nan & (not carried)] = Leeway.OPEN
            codes[depends & ~is_nan & (not asks)] = Leeway.OPEN
        else:
            codes[depends & is_nan] = Leeway.OPEN
            codes[(depends | tainted) & (codes == Leeway.STRICT)] = Leeway.OR_NAN
        codes[np.isnan(before)] = Leeway.OPEN
        return codes


@dataclass(frozen=True)
class Put:
    """Puts a finite value at some places of a float argument. positive: it is one, and fits among positive values."""

    name: str
    positive: bool
    weight: float = 1.0

    def case(self, choices: Choices, field: Field) -> Case | None:
        ground = field.ground(choices)
        if ground is None or not ground.known:
            return None
        positions = [n for n, t in enumerate(ground.traits) if t.real and (t.signed or (self.positive and t.positive and not t.unit))]
        if not positions:
            return None
        position = choices.of(positions)
        value = ground.case.arguments[position]
        places = _places(value.size)[: 1 + choices.below(3)]
        number = self._number(value.dtype)
        made = np.array(value, order="K")
        made.reshape(-1)[places] = number
        words = f"{self.name} in {field.domain.names[position]}"
        case = field.domain.settle(ground, ground.replaced(position, made), words, lambda log: not log.overflowed or number == 0)
        return _signed_poles(field.domain, ground, position, case) if case is not None and number == 0 else case

    def _number(self, dtype: np.dtype) -> Any:
        if self.name == "-0.0":
            return dtype.type(-0.0)
        info = np.finfo(dtype)
        return dtype.type(info.tiny) / dtype.type(2.0 ** (8 if dtype == np.float64 else 4))


def _dependence(domain: Domain, ground: Ground, position: int, place: int) -> list[np.ndarray] | None:
    """For each result, which elements change with what stands at that place; None where the reference refuses."""
    key = ("depends", *ground.case.size.items(), ground.case.seed, position, place)
    return domain.once(key, lambda: _tried(domain, ground, position, place))


def _tried(domain: Domain, ground: Ground, position: int, place: int) -> list[np.ndarray] | None:
    value = ground.case.arguments[position]
    found = [np.zeros(np.shape(result), bool) for result in ground.results]
    taken = False
    for other in _ordinary(value, place, ground.traits[position]):
        results = domain.probe.run(ground.replaced(position, _put(value, place, other)), ground.case)
        if results is not None:
            found = [known | _differs(one, another) for known, one, another in zip(found, ground.results, results)]
            taken = True
    return found if taken else None


def _carries(domain: Domain, ground: Ground, position: int) -> bool:
    """Whether all that depends on this argument becomes nan with it, wherever it stands."""
    value = ground.case.arguments[position]
    binding = _binding(domain, ground)
    for place in _places(value.size):
        depends = _dependence(domain, ground, position, place)
        results = domain.probe.run(ground.replaced(position, _put(value, place, np.nan)), ground.case)
        if depends is None or results is None:
            return False
        for n in binding:
            result = np.asarray(results[n])
            if result.dtype.kind in "fc" and not np.all(np.isnan(result[depends[n]])):
                return False
    return True


def _signed_poles(domain: Domain, ground: Ground, position: int, case: Case) -> Case | None:
    """The case with infinities bound to their sign where the sign of the zeros that were put in decides it."""
    value = case.arguments[position]
    positive = np.where(value == 0, 0, value).astype(value.dtype)
    results = domain.probe.run(ground.replaced(position, positive), ground.case)
    if results is None:
        return case
    leeway = []
    for grant, own, other in zip(case.leeway, (*case.expected, *case.expected_arguments), results):
        own, other = np.asarray(own), np.asarray(other)
        if grant is not None and own.dtype.kind == "f":
            grant = np.where(np.isinf(own) & (own == -other), Leeway.STRICT, grant).astype(np.uint8)
        leeway.append(grant)
    return replace(case, leeway=tuple(leeway))


def _places(size: int) -> list[int]:
    """First, last and some between."""
    return list(dict.fromkeys((0, size - 1, size // 2, size // 3)))


def _put(value: np.ndarray, place: int, number: Any) -> np.ndarray:
    made = np.array(value, order="C")
    made.reshape(-1)[place] = number
    result = np.empty_like(value)
    result[...] = made
    return result


def _with(arguments: Values, position: int, value: Any) -> Values:
    return (*arguments[:position], value, *arguments[position + 1 :])


def _ordinary(value: np.ndarray, place: int, traits: Traits) -> Sequence[Any]:
    """Numbers of the kind that stand in the array, and some beyond all of them, which decide a maximum or a minimum."""
    flat = value.reshape(-1)
    here, half, double = flat[place], flat.dtype.type(0.5), flat.dtype.type(2)
    largest, smallest = flat[np.argmax(np.abs(flat))], flat[np.argmin(np.abs(flat))]
    numbers = [largest, smallest * half] if traits.unit else [double * abs(largest), smallest * half]
    if traits.signed or traits.kind == "complex":
        numbers += [-double * abs(largest), -here]
    return [number for number in numbers if number != here]


def _binding(domain: Domain, ground: Ground) -> list[int]:
    outputs = len(ground.case.expected)
    return [n for n in range(len(ground.results)) if n < outputs or domain.written[n - outputs]]


def _differs(one: Any, other: Any) -> np.ndarray:
    a, b = np.asarray(one), np.asarray(other)
    return ~((a == b) | ((a != a) & (b != b)))


FAMILIES = (
    Special("nan", np.nan), Special("inf", np.inf), Special("-inf", -np.inf), Special("nan beside zeros", np.nan, True),
    Put("-0.0", False), Put("subnormal numbers", True),
)
