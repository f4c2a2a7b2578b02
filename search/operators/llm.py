"""The language-model operator: asks a model for whole kernels, and sends a failure back once."""
from __future__ import annotations

import math
import random
import time
from collections import Counter, OrderedDict, deque
from collections.abc import Callable
from dataclasses import replace

from ...kernels.candidate import Candidate
from ...kernels.signature import Signature
from ...kernels.spec import OpenSpec
from ...workers.evaluation import Evaluation, Verdict
from ..llm.answer import LONGEST_KERNEL, AnswerError, Question, read_answer
from ..llm.budget import Budget
from ..llm.call import CallStatus, LlmCall
from ..llm.mutator import Answered, Conversation, Mutator
from ..llm.profile import Key, Profile
from ..llm.prompt import FOCUSES, Attempt, PromptWriter
from ..population import Population

MOST_REPAIRS = 1
MOST_AWAITING = 256
MOST_ATTEMPTS_SHOWN = 6
_NOT_ITS_FAULT = frozenset({Verdict.VERIFIED, Verdict.TOO_SLOW, Verdict.LOST})


class LlmOperator:
    """Proposes what the profile's model answers. Requests run beside the campaign; `poll` starts and collects them.

    on_call and warn are called from `poll`, `learn` or `close`, in the caller's thread. budget is shared by all
    profiles of a run. threads: the run's. clock: seconds, of which the pauses after failures are measured.
    """

    def __init__(self, profile: Profile, key: Key, budget: Budget, spec: OpenSpec, signature: Signature, threads: int,
                 on_call: Callable[[LlmCall], None], warn: Callable[[str], None],
                 clock: Callable[[], float] = time.monotonic) -> None:
        self.name = f"llm:{profile.name}"
        self._question = Question(spec.parameters, signature, spec.spec.function, spec.declaration.finite, threads)
        self._writer = PromptWriter(spec, signature, threads)
        self._mutator = Mutator(profile, key, budget, on_call, warn, clock)
        self._ready: deque[Candidate] = deque()
        self._repairs: deque[Conversation] = deque()
        self._awaiting: OrderedDict[str, tuple[Conversation, str]] = OrderedDict()
        self._attempts: deque[Attempt] = deque(maxlen=MOST_ATTEMPTS_SHOWN)
        self._known: set[str] = set()

    @property
    def statuses(self) -> Counter[CallStatus]:
        """How many calls ended how."""
        return self._mutator.statuses

    @property
    def pending(self) -> int:
        """Calls in flight or to be sent again, and candidates not collected yet: something may still come."""
        return self._mutator.waiting + len(self._ready) + (0 if self._mutator.given_up else len(self._repairs))

    @property
    def ready(self) -> int:
        """Candidates that arrived and were not handed out yet."""
        return len(self._ready)

    @property
    def exhausted(self) -> str:
        """Why nothing will come any more (the budget is spent, the endpoint given up), or ""."""
        return self._mutator.given_up if not self._mutator.in_flight and not self._ready else ""

    def poll(self, population: Population, rng: random.Random, appetite: float = 1.0) -> None:
        """Collect answers and start requests; does not wait.

        appetite: 0 to 1. Answers that nobody took yet count as requests on the way: a model that answers faster than
        its share of the candidates is not paid for answers that would wait.
        """
        for answered in self._mutator.poll():
            self._read(answered)
        wanted = max(1, math.ceil(appetite * self._mutator.profile.max_concurrent))
        while self._mutator.room() > 0 and self._mutator.in_flight + len(self._ready) < wanted:
            conversation = self._mutator.next_again() or self._next_repair() or self._open(population, rng)
            if not self._mutator.start(conversation):
                if conversation.fresh:
                    break
                if self._mutator.affordable(conversation):
                    self._repairs.appendleft(conversation)
                    break

    def propose(self, population: Population, rng: random.Random) -> Candidate | None:
        """A candidate that arrived, the oldest first, or None."""
        return self._ready.popleft() if self._ready else None

    def learn(self, candidate: Candidate, evaluation: Evaluation) -> None:
        """What became of a candidate; a failure of ours goes back to its conversation, once."""
        self._known.add(candidate.identity)
        conversation, answer = self._awaiting.pop(candidate.identity, (None, ""))
        if conversation is None:
            return
        failed = evaluation.verdict not in _NOT_ITS_FAULT
        self._attempts.append(Attempt(candidate.lineage.note, _outcome(evaluation), failed))
        if failed:
            self._send_back(conversation, answer, f"{evaluation.verdict} (at the step: {evaluation.rung})\n{evaluation.message}")

    def close(self) -> None:
        """Give up what is in flight and end the thread behind it."""
        self._mutator.close()

    def _next_repair(self) -> Conversation | None:
        return self._repairs.popleft() if self._repairs else None

    def _open(self, population: Population, rng: random.Random) -> Conversation:
        parent = population.parent(rng)
        messages = self._writer.opening(parent, self._attempts, rng.choice(FOCUSES), self._mutator.prompt_room())
        return Conversation(messages, parent.candidate if parent else None)

    def _read(self, answered: Answered) -> None:
        """Turn an answer into a candidate, or send its fault back; journals the call either way."""
        conversation, call = answered.conversation, answered.call
        try:
            candidate = read_answer(call.answer, self._question, self.name, conversation.parent, answered.cut)
        except AnswerError as error:
            self._mutator.journal(replace(call, status=error.status, error=str(error)))
            self._attempts.append(Attempt("", str(error), failed=True))
            return self._send_back(conversation, call.answer, str(error))
        parent = conversation.parent.identity if conversation.parent else ""
        if candidate.identity in self._known or candidate.identity == parent:
            return self._mutator.journal(replace(call, status=CallStatus.DUPLICATE, candidate=candidate.identity,
                                                 error="the same kernel was known already"))
        self._mutator.journal(replace(call, candidate=candidate.identity))
        self._known.add(candidate.identity)
        self._ready.append(candidate)
        self._awaiting[candidate.identity] = (conversation, call.answer)
        if len(self._awaiting) > MOST_AWAITING:
            self._awaiting.popitem(last=False)

    def _send_back(self, conversation: Conversation, answer: str, message: str) -> None:
        if conversation.repairs < MOST_REPAIRS:
            conversation.repairs += 1
            conversation.go_on(answer[-LONGEST_KERNEL:], self._writer.verdict(message))
            self._repairs.append(conversation)


def _outcome(evaluation: Evaluation) -> str:
    if evaluation.verdict is Verdict.VERIFIED and evaluation.faster:
        return f"verified, {evaluation.faster.speedup:.3f} times as fast as the best first seed"
    return f"{evaluation.verdict}{': ' if evaluation.message else ''}{evaluation.message}"
