"""LlmCall: what is journaled of one request to a language model."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class CallStatus(StrEnum):
    """How a call ended. Calls of every status count against the budget of calls."""

    SENT = "sent"                     # no answer yet; still so in a journal: the driver died meanwhile
    OK = "ok"                         # a candidate came of it
    DUPLICATE = "duplicate"           # the answer is a candidate that is known already
    NO_KERNEL = "no kernel"           # the answer holds none
    REFUSED = "refused"               # the kernel is outside the dialect
    RATE_LIMITED = "rate limited"     # HTTP 429
    SERVER_ERROR = "server error"     # HTTP 5xx
    CLIENT_ERROR = "client error"     # HTTP 4xx: key, model name or parameters
    TIMED_OUT = "timed out"
    DEAD = "dead"                     # no connection, or it broke
    MALFORMED = "malformed"           # the body is no chat completion
    CANCELLED = "cancelled"           # the run ended first


FAULTS = frozenset({CallStatus.RATE_LIMITED, CallStatus.SERVER_ERROR, CallStatus.CLIENT_ERROR, CallStatus.TIMED_OUT,
                    CallStatus.DEAD, CallStatus.MALFORMED})


@dataclass(frozen=True)
class LlmCall:
    """One request. It is reported twice under one `id`: as SENT before it leaves, and when it has ended.

    started: Unix time. seconds: until it ended, 0.0 while under way. attempt: 1 for the first sending of a prompt.
    parent: identity of the candidate that the model was shown ("" for none); candidate: of what it answered.
    prompt_tokens, completion_tokens: as the server reports, 0 where it does not. reserved_tokens: set aside before
    sending. charged_tokens: what the budget counts, equal to reserved_tokens until the call has ended.
    error: for the statuses that are not `ok`, one line.
    """

    id: str
    profile: str
    model: str
    started: float
    seconds: float
    prompt: str
    answer: str
    reasoning: str
    status: CallStatus
    prompt_tokens: int
    completion_tokens: int
    attempt: int
    parent: str
    candidate: str
    error: str = ""
    reserved_tokens: int = 0
    charged_tokens: int = 0

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> LlmCall:
        return cls(**{**data, "status": CallStatus(data["status"])})
