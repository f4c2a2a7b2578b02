"""Breaker: how often, and how many at once, requests are sent to an endpoint that has failed."""
from __future__ import annotations

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 60.0
LONGEST_RETRY_AFTER = 300.0


class Breaker:
    """Pauses after a failure, twice as long after each in a row; then one request probes the endpoint.

    Each success doubles how many may be in flight, up to the profile's limit: an endpoint that limits its rate is not
    met by the same burst again. Times are seconds of whatever clock the caller reads.
    """

    def __init__(self, first_pause: float = FIRST_PAUSE, longest_pause: float = LONGEST_PAUSE) -> None:
        self._first = first_pause
        self._longest = longest_pause
        self._window: int | None = None
        self.failures = 0
        self.closed_until = 0.0

    def allowed(self, now: float, in_flight: int, limit: int) -> int:
        """How many more requests may be sent now."""
        if now < self.closed_until:
            return 0
        return max(0, (limit if self._window is None else min(self._window, limit)) - in_flight)

    def failed(self, now: float, retry_after: float | None = None) -> None:
        """A request failed. retry_after: seconds that the server asked for, kept up to LONGEST_RETRY_AFTER.

        Requests that were in flight together fail together; they lengthen the pause once.
        """
        if now >= self.closed_until:
            self.closed_until = now + min(self._longest, self._first * 2.0 ** min(self.failures, 30))
            self.failures += 1
        if retry_after is not None:
            self.closed_until = max(self.closed_until, now + min(retry_after, LONGEST_RETRY_AFTER))
        self._window = 1

    def succeeded(self, now: float) -> None:
        """A request was answered. During a pause that proves nothing: it may have left before the failure."""
        if now >= self.closed_until:
            self.failures = 0
            self._window = None if self._window is None or self._window > 64 else self._window * 2
