"""Mutator: keeps a profile's requests in flight, within the budget and in peace with an endpoint that fails."""
from __future__ import annotations

import time
import uuid
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, replace

from ...kernels.candidate import Candidate
from .breaker import Breaker
from .budget import SMALLEST_ANSWER, Budget, Reservation
from .call import FAULTS, CallStatus, LlmCall
from .client import ChatClient, Messages, Reply
from .profile import Key, Profile
from .prompt import most_tokens, size

MOST_ATTEMPTS = 3
HOPELESS_ERRORS = 3
BYTES_A_TOKEN = 3
SHORTEST_ANSWER = 256


@dataclass
class Conversation:
    """Messages about one parent. attempt: how often its last message was sent; repairs: verdicts sent back so far."""

    messages: list[dict[str, str]]
    parent: Candidate | None
    attempt: int = 1
    repairs: int = 0

    @property
    def fresh(self) -> bool:
        return self.attempt == 1 and self.repairs == 0

    def go_on(self, answer: str, message: dict[str, str]) -> None:
        """Add the model's answer and our next message."""
        # Some servers refuse an empty message.
        self.messages += [{"role": "assistant", "content": answer.strip() or "(no answer)"}, message]
        self.attempt = 1


@dataclass(frozen=True)
class Answered:
    """A conversation whose last message was answered. The call is journaled by `Mutator.journal`."""

    conversation: Conversation
    call: LlmCall
    cut: bool


class Mutator:
    """Every decision is taken in the caller's thread; only the requests themselves run beside it.

    on_call: called with each call twice, before it is sent and when it has ended. warn: called with one line at most
    once for faults that may pass, and at most once when the endpoint or the budget is given up.
    """

    def __init__(self, profile: Profile, key: Key, budget: Budget, on_call: Callable[[LlmCall], None],
                 warn: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> None:
        self.profile = profile
        self.statuses: Counter[CallStatus] = Counter()
        self.given_up = ""
        self._budget = budget
        self._on_call = on_call
        self._warn = warn
        self._clock = clock
        self._client = ChatClient(profile, key)
        self._breaker = Breaker()
        self._in_flight: dict[str, tuple[Conversation, Reservation, LlmCall]] = {}
        self._again: deque[Conversation] = deque()
        self._warned = False
        self._answered_once = False
        self._client_errors = 0

    @property
    def in_flight(self) -> int:
        return len(self._in_flight)

    @property
    def waiting(self) -> int:
        """Conversations in flight or to be sent again."""
        return len(self._in_flight) + (0 if self.given_up else len(self._again))

    def room(self) -> int:
        """How many more requests may be started now."""
        if self.given_up:
            return 0
        return self._breaker.allowed(self._clock(), len(self._in_flight), self.profile.max_concurrent)

    def prompt_room(self) -> int:
        """Bytes that a prompt may take, so that a whole answer fits in the window beside it."""
        profile = self.profile
        return BYTES_A_TOKEN * max(0, profile.context_tokens - profile.max_tokens - profile.reasoning_tokens)

    def next_again(self) -> Conversation | None:
        """A conversation whose request failed and is due to be sent again."""
        return self._again.popleft() if self._again else None

    def start(self, conversation: Conversation) -> bool:
        """Reserve, journal and send; False (and nothing sent) if the budget has no room for it now.

        A fresh conversation for which there will never be room again ends the asking.
        """
        messages, profile = conversation.messages, self.profile
        needs = self._needs(conversation)
        reservation = self._budget.reserve(*needs)
        if reservation is None:
            if conversation.fresh and self._budget.spent_out(*needs):
                self._spent_out(*needs)
            return False
        call = LlmCall(uuid.uuid4().hex, profile.name, profile.model, time.time(), 0.0, _transcript(messages), "", "",
                       CallStatus.SENT, 0, 0, conversation.attempt, conversation.parent.identity if conversation.parent else "",
                       "", reserved_tokens=reservation.tokens, charged_tokens=reservation.tokens)
        self._on_call(call)
        self._in_flight[call.id] = (conversation, reservation, call)
        self._client.send(call.id, [dict(message) for message in messages], reservation.max_tokens)
        return True

    def affordable(self, conversation: Conversation) -> bool:
        """Whether the budget may still have room for its next request, once what is in flight has returned."""
        return not self._budget.spent_out(*self._needs(conversation))

    def poll(self) -> list[Answered]:
        """The conversations answered since the last poll; does not wait. Faults are dealt with here."""
        answered = []
        for name, reply in self._client.arrived():
            conversation, reservation, call = self._in_flight.pop(name)
            call = self._settled(call, reservation, reply)
            if reply.status is CallStatus.OK:
                self._answered_once, self._client_errors = True, 0
                self._breaker.succeeded(self._clock())
                answered.append(Answered(conversation, call, reply.cut))
            else:
                self.journal(call)
                self._fault(conversation, reply)
        return answered

    def journal(self, call: LlmCall) -> None:
        """Report a call that has ended."""
        self.statuses[call.status] += 1
        self._on_call(call)

    def close(self) -> None:
        """Give up what is in flight: it counts with its whole reservation, as nobody knows what the server still did."""
        answered = self.poll()
        self._client.close()
        for late in [*answered, *self.poll()]:
            self.journal(replace(late.call, status=CallStatus.CANCELLED))
        for _, reservation, call in self._in_flight.values():
            self._budget.settle(reservation, reservation.tokens)
            self.journal(replace(call, status=CallStatus.CANCELLED, seconds=max(0.0, time.time() - call.started),
                                 error="the run ended first"))
        self._in_flight.clear()
        self._again.clear()

    def _needs(self, conversation: Conversation) -> tuple[int, int, int]:
        """Tokens to set aside: the prompt's at most, the answer's limit, and the reasoning beside it."""
        profile, messages = self.profile, conversation.messages
        window = profile.context_tokens - profile.reasoning_tokens - size(messages) // BYTES_A_TOKEN
        return most_tokens(messages), min(profile.max_tokens, max(SHORTEST_ANSWER, window)), profile.reasoning_tokens

    def _settled(self, call: LlmCall, reservation: Reservation, reply: Reply) -> LlmCall:
        charge = reservation.tokens if reply.charge is None else reply.charge
        self._budget.settle(reservation, charge)
        return replace(call, seconds=reply.seconds, answer=reply.answer, reasoning=reply.reasoning, status=reply.status,
                       prompt_tokens=reply.prompt_tokens, completion_tokens=reply.completion_tokens, error=reply.error,
                       charged_tokens=charge)

    def _fault(self, conversation: Conversation, reply: Reply) -> None:
        assert reply.status in FAULTS
        client_error = reply.status is CallStatus.CLIENT_ERROR
        self._client_errors = self._client_errors + 1 if client_error else 0
        hopeless = reply.permanent or self._client_errors >= HOPELESS_ERRORS
        if hopeless and not self._answered_once:
            return self._give_up(f"{reply.error}; it is not asked any more")
        if not self._warned:
            self._warned = True
            self._warn(f"language model {self.profile.name}: {reply.status} ({reply.error}); the run goes on, and it is "
                       "asked again after a pause")
        self._breaker.failed(self._clock(), reply.retry_after)
        # A prompt that the server refuses would be refused again.
        if not client_error and not self.given_up and conversation.attempt < MOST_ATTEMPTS:
            conversation.attempt += 1
            self._again.append(conversation)

    def _spent_out(self, prompt: int, answer: int, reasoning: int) -> None:
        if self._budget.calls == 0 and self._budget.tokens == 0 and self._budget.calls_limit != 0:
            least = prompt + reasoning + min(answer, SMALLEST_ANSWER)
            self._give_up(f"not asked: the budget of {self._budget.tokens_limit} tokens does not cover one call, for which "
                          f"at least {least} are set aside")
        else:
            self.given_up = "the budget is spent"

    def _give_up(self, reason: str) -> None:
        if not self.given_up:
            self.given_up = reason
            self._again.clear()
            self._warn(f"language model {self.profile.name}: {reason}")


def _transcript(messages: Messages) -> str:
    return "\n\n".join(f"[{message['role']}]\n{message['content']}" for message in messages)
