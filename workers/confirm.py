"""The champion's last examination: verified as deep as we can on fresh seeds, timed in processes of its own."""
from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from math import prod
from time import monotonic

from threadpoolctl import ThreadpoolController

from ..kernels.candidate import Candidate
from ..kernels.spec import SpecError
from .confirmation import Confirmation
from .evaluate import REFERENCE, Judge
from .evaluation import Ratio, Verdict
from .failure import FAILURES, meaning
from .job import ConfirmJob
from .oracle import Case, Oracle, fits, guarded, returns_as_known, smallest_sizes
from .prove.registry import PROOFS
from .roofline.survey import COUNT_SECONDS, survey
from .session import ChildSession
from .slots import TIMED
from .timing import measure, reported
from .verify.access import MAX_STEPS, check_access, clear, larger_sizes
from .verify.check import Check
from .verify.differential import SEARCH_EXTRAS, PlannedCase, differential, plan
from .verify.runner import ChildRunner
from .verify.timed import check_timed

_SHARES = {"reference": 0.4, "seed": 0.3, "njit": 0.15, "sizes": 0.15}
_CASES_FOR_ACCESS = 3
_LARGER_SHARE = 0.2
_FIRST_STEPS = 200_000
_SURVEY_SHARE = 0.25


def confirm(judge: Judge, job: ConfirmJob) -> Confirmation:
    """What the examination finds. Whatever the champion does is a verdict, as in the search."""
    examination = _Examination(judge, job)
    try:
        examination.verify()
        if examination.verdict is Verdict.VERIFIED:
            examination.prove()
        if examination.verdict is Verdict.VERIFIED and job.timed:
            examination.time()
        if examination.verdict is Verdict.VERIFIED and job.timed and job.surveyed:
            examination.survey()
    except FAILURES as failure:
        examination.fail(*meaning(failure))
    return examination.confirmation()


class _Examination:
    """One champion under examination; `found` is what the Confirmation will say."""

    def __init__(self, judge: Judge, job: ConfirmJob) -> None:
        self.judge = judge
        self.job = job
        self.verdict = Verdict.LOST
        self.message = ""
        self.cases = plan(judge.oracle, job.seed, deep=True)
        self.found: dict[str, object] = {}
        self.checks: list[Mapping[str, object]] = []
        self.sizes: dict[str, Ratio] = {}

    def confirmation(self) -> Confirmation:
        job = self.job
        budget = {"processes": job.processes, "rounds": job.rounds, "seconds": job.seconds, "proof_seconds": job.proof_seconds}
        return Confirmation(
            champion=job.champion.identity, verdict=self.verdict, message=self.message, by_size=self.sizes,
            checks=tuple(self.checks), seed=job.seed, budget=budget, threads=self.judge.assignment.settings.threads, blas=_blas(),
            machine=self.judge.machine, node=self.judge.node, **self.found,
        )

    def fail(self, verdict: Verdict, message: str) -> None:
        self.verdict, self.message = verdict, message

    def verify(self) -> None:
        """Bounds-checked on the small cases, its accesses logged where it is parallel, then every case at full speed."""
        champion, slots, oracle = self.job.champion, self.judge.slots, self.judge.oracle
        seconds = self.judge.assignment.settings.run_seconds
        small = self.cases[: SEARCH_EXTRAS + 3]
        with self.judge.leases.build() as core:
            with slots.fork(f"confirm bounds {champion.identity}", [core]) as child:
                slots.attach(child, oracle.case(small[0].size, small[0].seed))
                slots.build(child, "bounds", champion, boundscheck=True, opt=0)
                if not self._passes("bounds", differential(ChildRunner(child, "bounds", seconds), oracle, small)):
                    return
                self.found["legal_in_parallel"] = True
                if champion.options.parallel and not self._accesses(child, seconds):
                    return
            if not self._further_accesses(seconds):
                return
            # It is only compiled here, not run; so what it leaves in the cache is the compiler's, and can be trusted.
            facts = slots.cache_rival(champion, self._benchmark(), [core])
            with slots.fork(f"confirm {champion.identity}", [core]) as child:
                self.found["defences"] = child.defences
                slots.attach(child, self._benchmark())
                slots.build(child, "candidate", champion, trusted=True)
                self.found["first_call_s"] = round(float(facts.get("build_seconds", 0.0)), 4)
                self.found["threading_layer"] = str(facts.get("threading_layer", ""))
                self.found["facts"] = facts
                cases = (*self.cases, *_beside_benchmark(oracle, self.cases[-1].seed))
                if self._passes("differential", differential(ChildRunner(child, "candidate", seconds), oracle, cases)):
                    self.found["equivalent"] = True
                    self.verdict = Verdict.VERIFIED

    def prove(self) -> None:
        """Every proof, until one finds something."""
        for name, proof in PROOFS.items():
            check = proof(self.judge, self.job.champion, self.job.seed, self.job.proof_seconds / len(PROOFS))
            if not self._passes(name, check):
                return

    def _accesses(self, child, seconds: float) -> bool:
        oracle, signature = self.judge.oracle, self.judge.assignment.signature
        distinct = list({str(planned.size): planned for planned in self.cases}.values())
        for planned in [self.cases[0], *(p for p in distinct[1:_CASES_FOR_ACCESS + 1] if not isinstance(p.size, str))]:
            case = oracle.case(planned.size, planned.seed)
            if planned is self.cases[0]:
                check = clear(child, self.job.champion, oracle, case, seconds)
            else:
                check = check_access(child, self.job.champion, case, signature, seconds)
            if check.verdict is Verdict.RACE:
                self.found["legal_in_parallel"] = False
            if not self._passes("access", check):
                return False
        return True

    def _further_accesses(self, seconds: float) -> bool:
        """At the smallest sizes, where loops have one turn or none and edges may stay unwritten; then for a parallel kernel
        at sizes at which each dimension is large, as some races need many iterations; then the beginning of a run at the
        benchmark's size, as what a kernel finds in memory may matter to it at large sizes only."""
        oracle, champion = self.judge.oracle, self.job.champion
        end = monotonic() + _LARGER_SHARE * self.job.proof_seconds
        sizes = [*((size, MAX_STEPS) for size in smallest_sizes(oracle)),
                 *((size, MAX_STEPS) for size in larger_sizes(oracle) if champion.options.parallel), ("benchmark", _FIRST_STEPS)]
        for size, steps in sizes:
            if monotonic() > end:
                break
            with suppress(SpecError):
                case = oracle.case(size, self.cases[0].seed)
                if not guarded(oracle, case) or not returns_as_known(oracle.signature, case.arguments, case.expected):
                    continue  # such arguments never reach the kernel of a champion
                with self.judge.slots.fork(f"confirm accesses {champion.identity}") as child:
                    check = check_access(child, champion, case, oracle.signature, seconds, steps)
                if check.verdict in (Verdict.RACE, Verdict.OUT_OF_BOUNDS, Verdict.WRONG):
                    self.found["legal_in_parallel"] = check.verdict is not Verdict.RACE
                    return self._passes("access", check)
        return True

    def _passes(self, name: str, check: Check) -> bool:
        self.checks.append({"name": name, "verdict": str(check.verdict), "message": check.message, "facts": dict(check.facts)})
        if not check.passed:
            if check.verdict is not Verdict.RACE:
                self.found["equivalent"] = False
            self.fail(check.verdict, f"on fresh seeds: {check.message}")
        return check.passed

    def _benchmark(self) -> Case:
        return self.judge.oracle.case("benchmark", self.cases[-1].seed)

    def time(self) -> None:
        """Against the reference, the best seed and `@njit` of the reference; then size by size."""
        job = self.job
        threads = self.judge.assignment.settings.threads
        with self.judge.leases.timing(threads) as cores:
            for kernel in (job.champion, job.best_seed, job.njit):
                self.judge.slots.cache_rival(kernel, self._benchmark(), cores[:1])
            if not self._timed_as_tested(cores):
                return
            self.found["over_reference"] = self._reported(None, REFERENCE, cores, "reference")
            if job.best_seed.identity != job.champion.identity:
                self.found["over_seed"] = self._reported(job.best_seed, job.best_seed.identity, cores, "seed")
            if job.njit is not None and job.njit.identity != job.champion.identity:
                if job.njit.identity == job.best_seed.identity:
                    self.found["over_njit"] = self.found["over_seed"]
                else:
                    self.found["over_njit"] = self._reported(job.njit, job.njit.identity, cores, "njit")
            self._by_size(cores)

    def survey(self) -> None:
        """What the champion's place below the roofline rests on."""
        seconds = min(COUNT_SECONDS, _SURVEY_SHARE * self.job.proof_seconds)
        self.found["roofline"] = survey(self.judge, self.job.champion, self.job.seed, self.found["over_reference"], seconds)

    def _timed_as_tested(self, cores: tuple[int, ...]) -> bool:
        slots, champion, seconds = self.judge.slots, self.job.champion, self.judge.assignment.settings.run_seconds
        with slots.fork(f"confirm timed {champion.identity}", cores) as child:
            slots.attach_timed(child, self._benchmark())
            slots.build(child, "candidate", champion, trusted=True)
            return self._passes("timed", check_timed(child, "candidate", self.judge.oracle, self.cases[-1], seconds))

    def _reported(self, rival: Candidate | None, name: str, cores: tuple[int, ...], share: str) -> Ratio:
        def open_session(number: int, rival_first: bool):
            return self._session(rival, self._benchmark(), cores, rival_first)

        return reported(
            open_session, candidate="candidate", rival="rival", rival_name=name, processes=self.job.processes,
            rounds=self.job.rounds, seconds=self.job.seconds * _SHARES[share],
        )

    def _by_size(self, cores: tuple[int, ...]) -> None:
        oracle = self.judge.oracle
        sizes = sorted(oracle.spec.sizes, key=lambda name: prod(oracle.spec.sizes[name].values()))
        seconds = self.job.seconds * _SHARES["sizes"] / len(sizes)
        for name in sizes:
            label = f"{name} ({', '.join(f'{key}={value}' for key, value in oracle.spec.sizes[name].items())})"
            if name == "benchmark":
                self.sizes[label] = self.found["over_reference"]
                continue
            case = oracle.case(name, self.cases[0].seed)
            with self._session(None, case, cores, False) as session:
                self.sizes[label] = measure(session, candidate="candidate", rival="rival", rival_name=REFERENCE, seconds=seconds)

    @contextmanager
    def _session(self, rival: Candidate | None, case: Case, cores: tuple[int, ...], rival_first: bool) -> Iterator[ChildSession]:
        slots = self.judge.slots
        champion = self.job.champion
        seconds = self.judge.assignment.settings.run_seconds
        with slots.fork(f"time {champion.identity}", cores) as child:
            slots.attach_timed(child, case)
            for is_rival in (rival_first, not rival_first):
                if is_rival:
                    slots.build_rival(child, "rival", rival)
                else:
                    slots.build(child, "candidate", champion, trusted=True)
            with ChildSession(child, TIMED, cores, slots.mixed_pools(champion, rival), seconds) as session:
                yield session


def _beside_benchmark(oracle: Oracle, seed: int) -> Iterator[PlannedCase]:
    """One less than the benchmark's size in each dimension, and in all, where the kernel is defined: a remainder that only
    large inputs have shows there, as the benchmark's own size is often a multiple of everything."""
    benchmark, signature = oracle.spec.sizes["benchmark"], oracle.signature
    less = {name: length - 1 for name, length in benchmark.items() if length > 1}
    sizes = [{**benchmark, name: length} for name, length in less.items()]
    for size in [*sizes, {**benchmark, **less}] if len(less) > 1 else sizes:
        with suppress(SpecError):
            case = oracle.case(size, seed)
            if fits(signature, case.arguments) and returns_as_known(signature, case.arguments, case.expected):
                yield PlannedCase(size, seed)


def _blas() -> str:
    """BLAS as NumPy uses it here: library, version and the kernels it chose; "" where there is none."""
    found = [f"{info['internal_api']} {info.get('version')} {info.get('architecture', '')}".strip()
             for info in ThreadpoolController().info() if info["user_api"] == "blas"]
    return ", ".join(dict.fromkeys(found))
