"""Failures: what ends an examination early, and the verdict that it means."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..kernels.spec import SpecError
from .evaluation import Verdict
from .sandbox.client import Child, ChildFailure
from .timing import TimingError

_KINDS = frozenset({Verdict.BUILD_FAILED, Verdict.RAISED, Verdict.OUT_OF_BOUNDS, Verdict.WRONG, Verdict.OUT_OF_MEMORY})


class RunFailed(Exception):
    """The kernel raised, crashed, took too long, or returned a value of another kind. message: for a person or a model."""

    def __init__(self, verdict: Verdict, message: str) -> None:
        super().__init__(message)
        self.verdict = verdict
        self.message = message

    @classmethod
    def of_child(cls, failure: ChildFailure) -> RunFailed:
        """What the end of a child means for the kernel that ran in it."""
        return cls(Verdict(failure.kind), failure.message)

    @classmethod
    def of_reply(cls, reply: Mapping[str, Any]) -> RunFailed:
        """What the harness's reply {"ok": false, "kind", "message"} means; CRASHED where it is none that the harness gives."""
        kind = reply.get("kind")
        if kind not in _KINDS:
            return cls(Verdict.CRASHED, f"its answer is no answer: {str(dict(reply))[:200]}")
        return cls(Verdict(kind), str(reply.get("message")))


def ask(child: Child, message: dict[str, Any], fds: Sequence[int] = (), seconds: float | None = None) -> dict[str, Any]:
    """The harness's reply to one command. Raises RunFailed for a child that dies or says no."""
    try:
        reply = child.call(message, fds, seconds)
    except ChildFailure as failure:
        raise RunFailed.of_child(failure) from None
    if reply.get("ok") is not True:
        raise RunFailed.of_reply(reply)
    return reply


FAILURES = (RunFailed, ChildFailure, SpecError, TimingError)


def meaning(failure: Exception) -> tuple[Verdict, str]:
    """The verdict on a candidate whose examination ended in one of FAILURES, and its message."""
    if isinstance(failure, SpecError):
        return Verdict.LOST, f"the reference failed: {failure}"
    if isinstance(failure, TimingError):
        return Verdict.WRONG, f"its timing cannot be trusted: {failure}"
    failed = failure if isinstance(failure, RunFailed) else RunFailed.of_child(failure)
    return failed.verdict, failed.message
