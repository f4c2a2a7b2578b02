"""Budget: calls and tokens that are reserved before a request leaves, so that the limits hold exactly."""
from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass

from .call import LlmCall

SMALLEST_ANSWER = 1024


@dataclass(frozen=True)
class Reservation:
    """Permission for one request: `tokens` are set aside, of which the answer may take `max_tokens`."""

    tokens: int
    max_tokens: int


class Budget:
    """A limit on calls and one on tokens (None: no limit), shared by every profile of a run.

    At each instant settled + reserved <= limit. `overrun` counts tokens that servers reported beyond what they were
    allowed; it stays 0 with servers that keep to their own limits.
    """

    def __init__(self, calls: int | None = None, tokens: int | None = None) -> None:
        self.calls_limit = calls
        self.tokens_limit = tokens
        self.calls = 0
        self.tokens = 0
        self.overrun = 0
        self._reserved = 0
        self._open = 0
        self._lock = threading.Lock()

    def restore(self, calls: Iterable[LlmCall]) -> None:
        """Count the calls of an earlier process; one whose end was not journaled counts with its reservation."""
        with self._lock:
            for call in calls:
                self.calls += 1
                self.tokens += call.charged_tokens

    def reserve(self, prompt: int, answer: int, fixed: int = 0) -> Reservation | None:
        """Set aside one call, `prompt` + `fixed` tokens and up to `answer` more; None if that is not to be had.

        prompt: an upper bound of the prompt's tokens. fixed: tokens that are taken whatever the answer's limit is.
        Where the rest of the budget is too small, the answer is cut to it, at least to SMALLEST_ANSWER, but only
        once nothing is in flight: what returns unused may still allow a full answer.
        """
        with self._lock:
            if self.calls_limit is not None and self.calls >= self.calls_limit:
                return None
            if self.tokens_limit is not None:
                left = self.tokens_limit - self.tokens - self._reserved - prompt - fixed
                if left < answer:
                    if self._open or left < min(answer, SMALLEST_ANSWER):
                        return None
                    answer = left
            reservation = Reservation(prompt + fixed + answer, answer)
            self.calls += 1
            self._open += 1
            self._reserved += reservation.tokens
            return reservation

    def settle(self, reservation: Reservation, tokens: int) -> None:
        """Close a reservation at what the request really took; the rest is free again."""
        with self._lock:
            self._open -= 1
            self._reserved -= reservation.tokens
            self.tokens += tokens
            self.overrun += max(0, tokens - reservation.tokens)

    def spent_out(self, prompt: int, answer: int, fixed: int = 0) -> bool:
        """Whether no such request can be sent any more, even after everything in flight has returned all it holds."""
        with self._lock:
            if self.calls_limit is not None and self.calls >= self.calls_limit:
                return True
            least = prompt + fixed + min(answer, SMALLEST_ANSWER)
            return self.tokens_limit is not None and self.tokens + least > self.tokens_limit
