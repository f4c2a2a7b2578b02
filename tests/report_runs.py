"""Journals for tests of the report: a small run with everything in it, and one of thousands of evaluations."""
from __future__ import annotations

import json
import math
import random
from dataclasses import replace

from kernwright.kernels.candidate import Candidate, JitOptions, Lineage
from kernwright.kernels.spec import KernelSpec
from kernwright.search import schema
from kernwright.search.journal import Judged, RunRecord
from kernwright.search.llm.call import CallStatus, LlmCall
from kernwright.workers.confirmation import Confirmation
from kernwright.workers.evaluation import Evaluation, Ratio, Rung, Verdict

HOSTILE = "<script>document.title = 'taken'</script><img src=http://127.0.0.1:9/x onerror=alert(1)>"
SPEC = KernelSpec("smooth", f"# {HOSTILE}\ndef smooth(a):\n    return a * 0.5\n", "smooth")
RECORD = RunRecord("run1", "smooth", SPEC, {"seed": 3, "threads": 2, "evaluations": 60, "minutes": None, "rounds": 15, "llm": ["m"]},
                   "some CPU", {"kernwright": "0.1.0", "numba": "0.68.1"}, 1_700_000_000.0)
SEED = Candidate("def kernel(a):\n    out = np.empty_like(a)\n    for i in range(a.shape[0]):\n        out[i] = a[i] * 0.5\n    return out\n",
                 lineage=Lineage("seed", "lifted to loops"))
PARALLEL = Candidate(SEED.text.replace("in range", "in prange"), JitOptions(parallel=True),
                     lineage=Lineage("rewrite:parallel", "prange on loop i (line 3)", (SEED.identity,)))
FAST = Candidate(f"# {HOSTILE}\nTILE = 16  # tune: 8 16 32\n" + PARALLEL.text.replace("0.5", "0.25 * 2"),
                 JitOptions(parallel=True, fastmath=("reassoc", "nsz")),
                 lineage=Lineage("llm:model", f"halved twice {HOSTILE}", (PARALLEL.identity, SEED.identity)))
WRONG = Candidate(SEED.text.replace("0.5", "0.75"), lineage=Lineage("llm:model", "quicker", (SEED.identity,)))
REFUSED = Candidate("import os\n" + SEED.text, lineage=Lineage("llm:model", "", (SEED.identity,)))
SLOW = Candidate(SEED.text.replace("0.5", "1 / 2"), lineage=Lineage("tune", "TILE 8", (SEED.identity,)))

ROOFLINE = {
    "machine": {"threads": 2, "bandwidth_gb_s": 20.0, "gflop_s": {"float64": 50.0, "float32": 100.0}, "measured": "2026-11-25"},
    "work": {"flops": 4_000_000, "bytes": 16_000_000, "method": "counted by the interpreter"}, "why_not": "",
    "reference_ms": 10.4, "bound_ms": 0.8, "limit": "memory", "champion_ms": 1.0, "gap_closed": 0.979,
    "elites": [{"identity": "e1", "ms": 1.0, "gflop_s": 4.0, "of_roof": 0.8}, {"identity": "e2", "ms": 2.0, "gflop_s": 2.0, "of_roof": 0.4}],
    "notes": ["arguments and results fit into the last-level cache"],
}
OPERATORS = {"rewrite": {"proposed": 9, "evaluated": 6, "verified": 5, "improved": 2, "gain": 0.642, "seconds": 30.0, "share": 0.7},
             "llm:m": {"proposed": 4, "evaluated": 3, "verified": 1, "improved": 1, "gain": 0.3137, "seconds": 10.0, "share": 0.2},
             "crossover": {"proposed": 1, "evaluated": 1, "verified": 0, "improved": 0, "gain": 0.0, "seconds": 2.0, "share": 0.1}}
POPULATION = {"policy": "islands", "niches": 9, "islands": [{"elites": 5, "best": 2.6}, {"elites": 4, "best": None}], "migrations": 3}
HUGE = 1000
TRANSFORMS = ("tile", "views", "parallel", "schedule", "unroll_jam", "tile+views", "options")


def ratio(speedup, rival, spread=0.03, rounds=60):
    samples = tuple(speedup * (1 + spread * (index % 7 - 3)) for index in range(rounds))
    return Ratio(speedup, speedup * (1 - spread), speedup * (1 + spread), rounds, 1e6, speedup * 1e6, rival, samples)


def verified(candidate, speedup, rival):
    return Evaluation(candidate.identity, Verdict.VERIFIED, Rung.MEASURE, "", True, True, ratio(speedup, rival, rounds=15),
                      {"build": 0.4, "wait": 0.1}, ("seccomp",), "some CPU", "node", {"code_hash": candidate.identity})


def call(number, status, **more):
    return LlmCall(f"call{number}", "m", "model-7b", 1.0, 2.5, "SECRET-PROMPT", "answer", "", status, 1000, 200, 1, SEED.identity, "",
                   charged_tokens=1200, **more)


def confirmation(champion=FAST):
    over = ratio(10.4, "reference")
    return Confirmation(
        champion.identity, Verdict.VERIFIED, "", True, True, over, ratio(2.55, SEED.identity), None,
        {"tiny (n=8)": ratio(0.6, "reference"), "verify (n=61)": ratio(1.4, "reference"), "benchmark (n=1500)": over},
        ({"name": "bounds", "verdict": "verified", "message": "", "facts": {"cases": 7, "sizes": ["size tiny (n=8)"], "seeds": [1]}},
         {"name": "access", "verdict": "verified", "message": "", "facts": {"iterations": 8, "negative_indices": []}},
         {"name": "differential", "verdict": "verified", "message": "", "facts": {
             "cases": 22, "sizes": ["size tiny (n=8)", "size benchmark (n=1500)"], "seeds": [1, 2], "tolerance": "default",
             "worst_ulp": 1.0, "worst_relative": 1e-16, "worst_at": "the result at size tiny (n=8), seed 1"}}),
        1.25, 77, 2, "omp", "openblas 0.3", ("seccomp", "landlock"), "some CPU", "node")


def fill(journal, status="finished", confirmed=True):
    """Six candidates: a seed, two steps to the champion, and one each of wrong, refused and too slow. Two calls to a model."""
    for number, candidate in enumerate((SEED, PARALLEL, FAST, WRONG, REFUSED, SLOW)):
        assert journal.add_candidate(candidate, 10.0 + number)
    journal.add_candidate(SEED, 20.0)
    journal.set_state("anchor", SEED.identity)
    journal.set_state("njit", None)
    journal.set_state("kept", [{"line": 9, "text": "np.sort(a)", "reason": "sort has no loop form"}])
    journal.add_evaluation(verified(SEED, 4.0, "reference"), 20.0, "seed_vs_reference")
    for number, (candidate, speedup) in enumerate(((SEED, 1.0), (PARALLEL, 1.9), (FAST, 2.6))):
        journal.add_evaluation(verified(candidate, speedup, SEED.identity), 30.0 + 20 * number)
    journal.add_evaluation(Evaluation(WRONG.identity, Verdict.WRONG, Rung.SMOKE, f"result: [0] is 0.75, expected 0.5\n{HOSTILE}", False), 90.0)
    journal.add_evaluation(Evaluation(REFUSED.identity, Verdict.REFUSED, Rung.GATE, "line 1: no imports"), 91.0)
    journal.add_evaluation(Evaluation(SLOW.identity, Verdict.TOO_SLOW, Rung.SCREEN, "0.3 times", True, True, ratio(0.3, SEED.identity)), 92.0)
    journal.add_call(call(1, CallStatus.OK), 40.0)
    journal.add_call(call(2, CallStatus.TIMED_OUT, error="timed out"), 50.0)
    if confirmed:
        journal.set_state("confirmation", confirmation().as_json())
        journal.set_state("champion", FAST.identity)
    journal.set_state("wall_s", 181.5)
    journal.set_state("status", status)
    return journal


def fill_hugely(journal, number):
    """A finished run of `number` evaluations with every state there is: long lineages, crossovers, many verdicts and reasons.

    Written in one transaction, as thousands of them would take as many seconds.
    """
    rng = random.Random(7)
    made, speeds, evaluations = [SEED], {SEED.identity: 1.0}, [verified(SEED, 1.0, SEED.identity)]
    for index in range(1, number):
        elites = sorted(made[-60:], key=lambda candidate: -speeds[candidate.identity])[:8]
        parents = rng.sample(elites, min(len(elites), 2)) if index % 9 == 0 else [rng.choice(elites)]
        operator = ("crossover:helpers" if len(parents) > 1 else "llm:m" if index % 11 == 0 else "tune" if index % 3 == 0 else
                    f"rewrite:{rng.choice(TRANSFORMS)}")
        body = "".join(f"        out[i] += a[i] * {index}.{line}\n" for line in range(2))
        candidate = Candidate(SEED.text.replace("    return", f"{body}    return"),
                              lineage=Lineage(operator, f"step {index}: loops i, j tiled in the nest at line {index % 40}",
                                              tuple(parent.identity for parent in parents)))
        evaluation, speed = _judged(candidate, speeds[parents[0].identity], index, rng)
        evaluations.append(evaluation)
        if speed:
            made.append(candidate)
            speeds[candidate.identity] = speed
        else:
            made.insert(0, candidate)
            speeds[candidate.identity] = 0.0
    _write(journal, {candidate.identity: candidate for candidate in made}, evaluations)
    champion = max(made, key=lambda candidate: speeds[candidate.identity])
    journal.set_state("anchor", SEED.identity)
    journal.set_state("confirmation", replace(confirmation(), champion=champion.identity).as_json())
    for key, value in {"operators": OPERATORS, "population": POPULATION, "roofline": ROOFLINE, "status": "finished", "wall_s": 9e4}.items():
        journal.set_state(key, value)
    return journal


def _judged(candidate, before, index, rng):
    """An evaluation, and the speedup where it is verified."""
    if index % 13 == 0:
        verdict, message = rng.choice(((Verdict.WRONG, f"size tiny (n=8), seed {index}: result: [{index}] is 0.75, expected 0.5"),
                                       (Verdict.BUILD_FAILED, "Cannot unify int64 and float64"), (Verdict.TIMED_OUT, f"{index} s")))
        return Evaluation(candidate.identity, verdict, Rung.SMOKE, message, False), None
    speed = max(0.2, before * math.exp(rng.gauss(-0.02, 0.1)))
    return verified(candidate, min(speed, 40.0), SEED.identity), min(speed, 40.0)


def _write(journal, candidates, evaluations):
    order = {evaluation.candidate: number for number, evaluation in enumerate(evaluations)}
    data = [(candidate, candidate.as_json()) for candidate in candidates.values()]
    with journal._engine.begin() as connection:
        connection.execute(schema.candidates.insert(), [
            {"run": journal.run.id, "number": order[c.identity], "identity": c.identity, "text": d["text"], "repeats": 0,
             "options": json.dumps(d["options"]), "convention": d["convention"], "lineage": json.dumps(d["lineage"]),
             "elapsed": float(order[c.identity])} for c, d in data])
        connection.execute(schema.evaluations.insert(), [
            {"run": journal.run.id, "ordinal": number, "candidate": e.candidate, "purpose": "search", "machine": e.machine,
             "verdict": str(e.verdict), "speedup": e.faster and e.faster.speedup, "elapsed": 18.0 * number, "recorded": 0.0,
             "data": json.dumps(e.as_json())} for number, e in enumerate(evaluations)])


def judged(*evaluations):
    """Candidates with their evaluations, in this order, as a journal gives them."""
    return [Judged(number, candidate, evaluation, "search", 10.0 * number) for number, (candidate, evaluation) in enumerate(evaluations)]


def candidate(name, operator, *parents):
    """A candidate that differs from all of other names."""
    return Candidate(f"def kernel(a):\n    return a * {sum(name.encode())}.{len(name)}\n", lineage=Lineage(operator, name, tuple(p.identity for p in parents)))
