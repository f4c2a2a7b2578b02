"""A run's directory with a champion that was really examined, put together without a search and without Ray."""
from importlib import metadata

from kernwright.kernels.candidate import Candidate, JitOptions, Lineage
from kernwright.kernels.observe import observe
from kernwright.kernels.spec import KernelSpec
from kernwright.search.journal import Journal, RunRecord, journal_url
from kernwright.search.llm.call import CallStatus, LlmCall
from kernwright.search.outcome import write_outcome
from kernwright.workers.confirm import confirm
from kernwright.workers.evaluate import Judge
from kernwright.workers.evaluation import Evaluation, Rung, Verdict
from kernwright.workers.inspection import Inspection
from kernwright.workers.job import Assignment, ConfirmJob, JudgeSettings

SPEC = KernelSpec("row_sums", '''
import numpy as np
import kernwright

def make_inputs(size, rng):
    return (rng.standard_normal((size["n"], size["m"])),)

@kernwright.kernel(inputs=make_inputs, sizes={"tiny": {"n": 4, "m": 5}, "verify": {"n": 23, "m": 31}, "benchmark": {"n": 300, "m": 200}})
def row_sums(a):
    squares = a * a
    return squares.sum(axis=1)
''', "row_sums")
SEED = Candidate("""def kernel(a, out):
    for i in range(a.shape[0]):
        total = 0.0
        for j in range(a.shape[1]):
            total += a[i, j] * a[i, j]
        out[i] = total
""", JitOptions(), "writes", Lineage("seed", "lifted to loops"))
MIDDLE = Candidate(SEED.text.replace("for i in range", "for i in prange"), JitOptions(parallel=True), "writes",
                   Lineage("rewrite:parallel", "prange on loop i", (SEED.identity,)))
CHAMPION = Candidate(MIDDLE.text.replace("total += a[i, j] * a[i, j]", "value = a[i, j]\n            total += value * value"),
                     JitOptions(parallel=True, fastmath=("reassoc",)), "writes",
                     Lineage("llm:m", "reads each element once \ud83d \u00b5", (MIDDLE.identity,)))
SETTINGS = {"seed": 3, "threads": 2, "build_seconds": 40.0, "run_seconds": 5.0, "memory_gib": 1.0, "reference_seconds": 20.0}


def examined(timed=True):
    """(what running the reference showed, the champion's examination, as short as one can be)."""
    observation = observe(SPEC.open(), SETTINGS["seed"], 10.0)
    with Judge(Assignment(SPEC, observation.signature, JudgeSettings(2, 2**30, 40.0, 5.0))) as judge:
        return observation, confirm(judge, ConfirmJob(CHAMPION, SEED, None, 77, rounds=1, seconds=0.5, proof_seconds=2.0, timed=timed))


def write_run(folder, observation, confirmation):
    """A finished run's journal in `folder`, and all that a run leaves; the Outcome."""
    versions = {name: metadata.version(name) for name in ("kernwright", "numba", "llvmlite", "numpy", "scipy")}
    record = RunRecord("run1", SPEC.name, SPEC, SETTINGS, confirmation.machine, versions, 1_700_000_000.0)
    with Journal.create(journal_url(folder), record) as journal:
        for number, candidate in enumerate((SEED, MIDDLE, CHAMPION)):
            journal.add_candidate(candidate, float(number))
            journal.add_evaluation(Evaluation(candidate.identity, Verdict.VERIFIED, Rung.MEASURE, "", True, True), 5.0 + number)
        journal.add_call(LlmCall("c", "m", "model-7b", 1.0, 2.5, "", "", "", CallStatus.OK, 10, 5, 1, MIDDLE.identity, CHAMPION.identity), 3.0)
        parameters = SPEC.open().parameters
        journal.set_state("inspection", Inspection(observation, parameters, (SEED,), (), None).as_json())
        journal.set_state("anchor", SEED.identity)
        journal.set_state("confirmation", confirmation.as_json())
        journal.set_state("status", "finished")
        return write_outcome(journal, folder)
