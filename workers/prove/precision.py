"""Precision: whether the champion's rounding errors are a small multiple of the reference's own (see `precise.policy`)."""
from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Any

import numpy as np

from ...kernels.candidate import Candidate
from ...kernels.spec import SpecError
from ..evaluate import Judge
from ..evaluation import Verdict
from ..oracle import Case
from ..precise.exact import Evaluation, evaluate, float_results
from ..precise.policy import Errors, judge
from ..precise.text import Unrepeatable
from ..verify.check import Check
from ..verify.differential import POISON
from ..verify.runner import ChildRunner

METHOD = ("errors of champion and reference against the reference's text run in {precision}; the champion's may be a small "
          "multiple of what the reference's own arithmetic, or plain sums in its place, makes of inputs moved by a rounding")
_CASES, _LEAST_CASES, _MOST_EXTRAS = 4, 2, 1
_SLOWDOWN, _FULL_SLOWDOWN, _PRODUCTS = 20.0, 45.0, 25.0
"""What an evaluation of a large case takes, in times of the reference: in brief (measured: 8 to 18), in full (20 to 45), and
how much more with products of matrices, which are BLAS's there and nobody's in long double."""
_PRODUCT = re.compile(r"@|\b(dot|vdot|inner|matmul|tensordot|einsum)\b")


def precision(judge_: Judge, candidate: Candidate, seed: int, seconds: float) -> Check:
    """Answers "as accurate" or "within bounds" of the reference; "declared tolerance" where that is what counts, or "not
    applicable". WRONG where the candidate loses more than the reference's arithmetic explains."""
    with judge_.leases.build() as core:
        return _Precision(judge_, candidate, core, seed, monotonic() + seconds).check()


@dataclass(frozen=True)
class _Known:
    case: Case
    evaluation: Evaluation


class _Precision:
    """One champion's errors at several sizes."""

    def __init__(self, judge_: Judge, candidate: Candidate, core: int, seed: int, end: float) -> None:
        self._judge = judge_
        self._candidate = candidate
        self._core = core
        self._end = end
        self._rng = np.random.default_rng([seed, 3])
        self._skipped: list[str] = []
        self._precision = ""
        self._opaque: set[str] = set()

    def check(self) -> Check:
        oracle = self._judge.oracle
        if all(value is None for value in float_results(oracle, oracle.case("tiny", 0))):
            return _not_applicable("its results are whole numbers, which are compared exactly")
        slots, settings = self._judge.slots, self._judge.assignment.settings
        tiny = oracle.case("tiny", 0)
        # It is only compiled here, not run; so what it leaves in the cache is the compiler's, and can be trusted.
        slots.cache_rival(self._candidate, tiny, [self._core])
        with slots.fork(f"precision {self._candidate.identity}", [self._core]) as child:
            slots.attach(child, tiny)
            slots.build(child, "candidate", self._candidate, trusted=True)
            sizes, refusal = self._examined(ChildRunner(child, "candidate", settings.run_seconds))
        if not sizes:
            return _not_applicable("; ".join(dict.fromkeys(self._skipped)) or "there was no time for it")
        facts = self._facts(sizes)
        if oracle.spec.tolerance.kind != "default":
            return Check(Verdict.VERIFIED, "", {**facts, "answer": "declared tolerance"})
        if refusal:
            message = f"{refusal}; keep the reference's precision, and its order of operations where that matters"
            return Check(Verdict.WRONG, message, {**facts, "answer": "less accurate"})
        return Check(Verdict.VERIFIED, "", {**facts, "answer": _answer(sizes)})

    def _examined(self, runner: ChildRunner) -> tuple[list[dict[str, Any]], str]:
        """What was found for each result at each size, and what the policy has against the candidate, "" where nothing. Ends
        with the first size that shows something. Raises RunFailed."""
        sizes: list[dict[str, Any]] = []
        for size, cases, thorough in self._plan():
            known = self._evaluated(size, cases, thorough)
            refusal = ""
            for name, found in self._errors(known, runner) if known else ():
                sizes.append({"size": _short(known[0].case.label), "seeds": [each.case.seed for each in known], "result": name,
                              **found.as_json()})
                refusal = refusal or (f"{name}: {found.refusal}" if found.refusal else "")
            if refusal:
                return sizes, refusal
        return sizes, ""

    def _plan(self) -> Iterator[tuple[str | Mapping[str, int], int, bool]]:
        """Sizes, how many cases of each, and whether they are evaluated in full; a large one as far as there is time."""
        for size in ("tiny", "verify", *self._judge.oracle.extra_sizes()[:_MOST_EXTRAS]):
            yield size, _CASES, True
        left, cost = self._end - monotonic(), self._reference_seconds("benchmark")
        for cases, slowdown in ((_CASES, _FULL_SLOWDOWN), (_CASES, _SLOWDOWN), (_LEAST_CASES, _SLOWDOWN)):
            if cases * cost * slowdown < left:
                yield "benchmark", cases, slowdown == _FULL_SLOWDOWN
                return
        self._skipped.append("the benchmark size would take too long")

    def _reference_seconds(self, size: str) -> float:
        """How long the reference takes, times what products of matrices cost more in long double."""
        begun = monotonic()
        try:
            self._judge.oracle.case(size, int(self._rng.integers(1, 2**62)))
        except SpecError:
            return float("inf")
        products = self._precision != "double precision" and _PRODUCT.search(self._judge.oracle.spec.spec.text)
        return (monotonic() - begun) * (_PRODUCTS if products else 1.0)

    def _evaluated(self, size: str | Mapping[str, int], cases: int, thorough: bool) -> list[_Known]:
        """The cases of one size with what is known of them; fewer, or none, where that is not to be had in time."""
        known: list[_Known] = []
        oracle = self._judge.oracle
        for _ in range(cases):
            if monotonic() > self._end:
                self._skipped.append("there was no time for more")
                break
            try:
                case = oracle.case(size, int(self._rng.integers(1, 2**62)))
                evaluation = evaluate(oracle, case, self._end, thorough)
            except Unrepeatable as reason:
                self._skipped.append(str(reason))
                break
            except SpecError:
                break  # the kernel is not defined for these dimensions together
            self._precision = evaluation.precision
            self._opaque |= set(evaluation.opaque)
            known.append(_Known(case, evaluation))
        return known

    def _errors(self, known: list[_Known], runner: ChildRunner) -> list[tuple[str, Errors]]:
        """Each float result's errors over these cases. Raises RunFailed."""
        got: list[tuple[Any, ...]] = []
        for number, each in enumerate(known):
            outcome = runner.run(each.case, POISON[number % len(POISON)])
            got.append((*outcome.outputs, *outcome.arguments))
        found = []
        for index, name in enumerate(_names(known[0].case, self._judge)):
            if known[0].evaluation.results[index] is None:
                continue
            parts = []
            for each, values in zip(known, got):
                exact = each.evaluation.results[index]
                own = float_results(self._judge.oracle, each.case)[index]
                if exact is not None and own is not None:
                    parts.append((each.case.label, exact, own, values[index]))
            found.append((name, judge(parts)))
        return found

    def _facts(self, sizes: list[dict[str, Any]]) -> dict[str, Any]:
        most = max(sizes, key=lambda size: size["rms_ratio"])
        return {
            "method": METHOD.format(precision=self._precision), "sizes": sizes, "skipped": list(dict.fromkeys(self._skipped)),
            "worst_ulp": max(size["candidate_worst_ulp"] for size in sizes),
            "reference_worst_ulp": max(size["reference_worst_ulp"] for size in sizes),
            "rms_ratio": most["rms_ratio"], "order_unknown_in": sorted(self._opaque),
        }


def _names(case: Case, judge_: Judge) -> list[str]:
    outputs = len(case.expected)
    results = ["the result"] if outputs == 1 else [f"result {index}" for index in range(outputs)]
    return results + [f"argument {argument.name} afterwards" for argument in judge_.oracle.signature.arguments]


def _answer(sizes: list[dict[str, Any]]) -> str:
    no_worse = all(size["candidate_rms_ulp"] <= 1.1 * size["reference_rms_ulp"] + 0.1 for size in sizes)
    return "as accurate" if no_worse else "within bounds"


def _not_applicable(reason: str) -> Check:
    method = METHOD.format(precision="higher precision")
    return Check(Verdict.VERIFIED, "", {"answer": "not applicable", "method": method, "reason": reason})


def _short(label: str) -> str:
    return label.partition(", seed")[0].removeprefix("size ")
