"""The tuner proposes unseen variants, learns from whoever evaluated what, and comes back from a journal."""
import logging
import math

import optuna
import pytest
from kernwright.kernels.candidate import Candidate, JitOptions
from kernwright.kernels.signature import Argument, Signature
from kernwright.search.tuner import Tuner
from kernwright.workers.evaluation import Evaluation, Ratio, Rung, Verdict

SERIAL = """TILE = 16  # tune: 8 16 32 64
UNROLL = 1  # tune: 1 2

def kernel(a):
    for i in range(0, a.shape[0], TILE):
        a[i] = UNROLL / 2.0
"""
SIGNATURE = Signature((Argument("a", "array", "float64", 1, written=True),), ())
PARALLEL = SERIAL.replace("range(0", "prange(0")


def judged(candidate, speedup, machine="zen4"):
    if isinstance(speedup, Verdict):
        return Evaluation(candidate.identity, speedup, Rung.VERIFY, machine=machine)
    ratio = Ratio(speedup, speedup, speedup, 20, 1.0, 1.0, "anchor")
    return Evaluation(candidate.identity, Verdict.VERIFIED, Rung.MEASURE, faster=ratio, machine=machine)


def quality(candidate):
    """A response with one optimum: TILE 64, UNROLL 2, reassociation, in parallel on all threads."""
    values = {t.name: t.value for t in candidate.tunables}
    options = candidate.options
    return (1 + math.log2(values.get("TILE", 1)) + values.get("UNROLL", 0) + 2 * ("reassoc" in options.fastmath)
            + 3 * options.parallel - (options.threads is not None))


def run(tuner, base, count):
    found = []
    for _ in range(count):
        variant = tuner.propose(base)
        if variant is None:
            break
        tuner.learn(variant, judged(variant, quality(variant)))
        found.append(variant)
    return found


def test_variants_are_distinct_and_stay_within_domains():
    base = Candidate(PARALLEL)
    found = run(Tuner(1, SIGNATURE, max_threads=4, finite=False), base, 40)
    assert len({c.identity for c in found} | {base.identity}) == 41
    assert {c.skeleton for c in found} == {base.skeleton}
    for variant in found:
        for tunable in variant.tunables:
            assert tunable.value in {t.name: t.choices for t in base.tunables}[tunable.name]
        assert not {"nnan", "ninf"} & set(variant.options.fastmath)
        assert variant.options.threads is None or (variant.options.parallel and 1 <= variant.options.threads < 4)
        assert variant.lineage.operator == "tune" and variant.lineage.parents == (base.identity,) and variant.lineage.note


def test_a_serial_text_is_never_run_in_parallel():
    assert not any(c.options.parallel for c in run(Tuner(1, SIGNATURE, max_threads=4, finite=False), Candidate(SERIAL), 30))


def test_finite_opens_the_flags_that_assume_it():
    found = run(Tuner(1, SIGNATURE, max_threads=1, finite=True), Candidate(SERIAL.replace("UNROLL / 2.0", "max(a[i], 1.5)")), 40)
    assert any("nnan" in c.options.fastmath for c in found)


def test_it_climbs():
    found = run(Tuner(3, SIGNATURE, max_threads=8, finite=False), Candidate(PARALLEL), 60)
    best = max(quality(c) for c in found)
    assert best >= 13, "the optimum is 14; three quarters of the space lie below 10"


def test_a_small_space_is_exhausted_exactly():
    base = Candidate("def kernel(a):\n    a[:] = a / 3.0\n")
    tuner = Tuner(1, SIGNATURE, max_threads=1, finite=False)
    found = run(tuner, base, 100)
    assert len(found) == 3 and {c.options.fastmath for c in (base, *found)} == {
        (), ("contract",), ("contract", "nsz", "reassoc"), ("arcp", "contract", "nsz", "reassoc")}
    assert tuner.propose(base) is None


def test_options_that_cannot_matter_are_not_tuned():
    """Integers have no fast math, and without a division there is one error model."""
    integers = Signature((Argument("a", "array", "int64", 1, written=True),), ())
    tuner, base = Tuner(1, integers, max_threads=1, finite=False), Candidate(SERIAL.replace(" / 2.0", ""))
    found = run(tuner, base, 50)
    assert len(found) == 7 and {c.options for c in found} == {JitOptions(error_model="numpy")}


def test_what_others_evaluated_is_learned_and_not_proposed():
    tuner, base = Tuner(1, SIGNATURE, max_threads=1, finite=False), Candidate(SERIAL)
    tuner.learn(base, judged(base, 1.0))
    tuner.propose(base)
    other = base.with_tunables({"TILE": 64, "UNROLL": 2})
    tuner.learn(other, judged(other, 5.0))
    (study,) = tuner.studies().values()
    assert study.best_value == pytest.approx(math.log(5.0))
    assert other.identity not in {c.identity for c in run(tuner, base, 200)}


def test_failures_become_constraints_and_lost_nodes_become_nothing():
    tuner, base = Tuner(1, SIGNATURE, max_threads=1, finite=False), Candidate(SERIAL)
    wrong, lost, slow = tuner.propose(base), tuner.propose(base), tuner.propose(base)
    for variant, verdict in ((wrong, Verdict.WRONG), (lost, Verdict.LOST), (slow, Verdict.TOO_SLOW)):
        tuner.learn(variant, judged(variant, verdict, machine=""))
    (study,) = tuner.studies().values()
    states = [(t.state.name, t.constraints) for t in study.trials]
    assert states == [("PRUNED", {"fails": 1.0}), ("FAIL", {}), ("PRUNED", {})]


def test_points_that_fail_are_avoided():
    """Reassociation is wrong everywhere: after a while it is proposed less often than the half that chance gives."""
    text = "".join(f"T{n} = 1  # tune: 1 2 4 8\n" for n in range(4)) + "def kernel(a):\n    return a * T0 * T1 * T2 * T3\n"
    base, tuner = Candidate(text), Tuner(5, SIGNATURE, max_threads=1, finite=False)
    late = []
    for step in range(60):
        variant = tuner.propose(base)
        bad = "reassoc" in variant.options.fastmath
        tuner.learn(variant, judged(variant, Verdict.WRONG if bad else 1.0 + 0.01 * variant.tunables[0].value))
        late += [bad] if step >= 30 else []
    assert sum(late) < 8


def test_machine_types_have_studies_of_their_own():
    tuner, base = Tuner(1, SIGNATURE, max_threads=1, finite=False), Candidate(SERIAL)
    here = tuner.propose(base, machine="zen4")
    tuner.learn(here, judged(here, 2.0, machine="zen3"))
    tuner.propose(base, machine="zen3")
    studies = {machine: study for (_, machine), study in tuner.studies().items()}
    assert [t.state.name for t in studies["zen4"].trials] == ["FAIL"]
    assert studies["zen3"].best_value == pytest.approx(math.log(2.0))


def test_a_value_outside_the_domain_widens_only_its_own_study():
    """The same skeleton may arrive later with another domain: Optuna would refuse that, the tuner must not."""
    tuner, base = Tuner(1, SIGNATURE, max_threads=1, finite=False), Candidate(SERIAL)
    tuner.propose(base)
    odd = Candidate(SERIAL.replace("TILE = 16", "TILE = 24"))
    wide = Candidate(SERIAL.replace("8 16 32 64", "8 16 32 64 128"))
    flags = Candidate(SERIAL, JitOptions(fastmath=("arcp",)))
    assert odd.skeleton == wide.skeleton == base.skeleton
    for other in (odd, wide, flags):
        tuner.learn(other, judged(other, 2.0))
        assert tuner.propose(other) is not None


def test_rebuilt_from_a_journal_it_knows_what_it_knew():
    first, base = Tuner(7, SIGNATURE, max_threads=2, finite=False), Candidate(PARALLEL)
    rows = [(base, judged(base, 1.0))]
    first.learn(*rows[0])
    for variant in [first.propose(base) for _ in range(12)][:8]:
        rows.append((variant, judged(variant, quality(variant) if len(rows) % 3 else Verdict.WRONG)))
        first.learn(*rows[-1])
    second = Tuner(7, SIGNATURE, max_threads=2, finite=False)
    second.rebuild(rows)
    variant = second.propose(base)
    assert variant.identity not in {c.identity for c, _ in rows}
    (study,) = second.studies().values()
    done = [t for t in study.trials if t.state.name in ("COMPLETE", "PRUNED")]
    assert len(done) == 9 and study.best_value == pytest.approx(max(
        math.log(e.faster.speedup) for _, e in rows if e.faster))


def test_a_forgotten_proposal_repels_nobody():
    tuner, base = Tuner(1, SIGNATURE, max_threads=1, finite=False), Candidate(SERIAL)
    tuner.forget(tuner.propose(base))
    (study,) = tuner.studies().values()
    assert [t.state.name for t in study.trials] == ["FAIL"]


def test_equal_seeds_propose_equally():
    one, two = (run(Tuner(11, SIGNATURE, max_threads=4, finite=False), Candidate(PARALLEL), 20) for _ in range(2))
    assert [c.identity for c in one] == [c.identity for c in two]


def test_optuna_is_silent(caplog, recwarn):
    with caplog.at_level(logging.DEBUG):
        run(Tuner(1, SIGNATURE, max_threads=2, finite=False), Candidate(PARALLEL), 20)
    assert optuna.logging.get_verbosity() >= logging.ERROR
    assert not [r for r in caplog.records if r.name.startswith("optuna")]
    assert not [w for w in recwarn if "optuna" in w.filename]


def test_it_begins_beside_the_candidate():
    """One number differs at first; the model suggests more once it has something to go by."""
    tuner, base = Tuner(2, SIGNATURE, max_threads=4, finite=False), Candidate(PARALLEL)
    tuner.learn(base, judged(base, 1.0))
    notes = [variant.lineage.note for variant in run(tuner, base, 30)]
    assert sorted(note.split(", ")[0] for note in notes[:4]) == ["TILE 16 -> 32", "TILE 16 -> 64", "TILE 16 -> 8", "UNROLL 1 -> 2"]
    assert not any(word in note for note in notes[:4] for word in ("fastmath", "parallel", "threads"))
    assert any(note.count("->") == 2 for note in notes[5:])
