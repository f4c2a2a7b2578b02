"""Client: chat requests over the `openai` client, in a thread with an event loop of its own."""
from __future__ import annotations

import asyncio
import importlib
import json
import logging
import queue
import threading
import time
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .call import CallStatus
from .profile import Key, Profile

Messages = Sequence[Mapping[str, str]]
LARGEST_BODY = 8 * 2**20
LONGEST_ERROR = 500
_TIMED_OUT_STATUS = (408, 504, 524)


@dataclass(frozen=True)
class Reply:
    """How a request ended. Never holds the key, also where the server echoed it.

    prompt_tokens, completion_tokens: as reported. charge: tokens to count, or None where only the reservation is a
    safe figure (nothing was reported, or nobody knows how far the server came). retry_after: seconds, if it said so.
    cut: the answer ended at its token limit. permanent: trying again cannot help (wrong key, model name or path).
    """

    status: CallStatus
    answer: str = ""
    reasoning: str = ""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    charge: int | None = None
    error: str = ""
    retry_after: float | None = None
    cut: bool = False
    permanent: bool = False
    seconds: float = 0.0


class ChatClient:
    """Sends requests without waiting for them. `send` and `arrived` belong to one thread of the caller's."""

    def __init__(self, profile: Profile, key: Key) -> None:
        self._profile = profile
        self._key = key
        self._replies: queue.SimpleQueue[tuple[str, Reply]] = queue.SimpleQueue()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._client: Any = None

    def send(self, request: str, messages: Messages, max_tokens: int) -> None:
        """Send a chat request; its reply will be among `arrived()` under the name `request`. Returns at once."""
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            self._thread = threading.Thread(target=self._loop.run_forever, name=f"llm {self._profile.name}", daemon=True)
            self._thread.start()
        self._submit(self._loop, self._answer(request, messages, max_tokens))

    def arrived(self) -> list[tuple[str, Reply]]:
        """The replies that came in since the last call; does not wait."""
        found = []
        while True:
            try:
                found.append(self._replies.get_nowait())
            except queue.Empty:
                return found

    def close(self) -> None:
        """Give up what is in flight (no reply will come) and end the thread."""
        if self._loop is None or self._thread is None:
            return
        ended = self._submit(self._loop, self._shut())
        try:
            ended.result(timeout=5)
        except TimeoutError:
            logging.getLogger(__name__).warning("connections of %s did not close in time", self._profile.name)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=5)
        if not self._thread.is_alive():
            self._loop.close()
        self._loop = self._thread = self._client = None

    @staticmethod
    def _submit(loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, None]):
        return asyncio.run_coroutine_threadsafe(work, loop)

    async def _shut(self) -> None:
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        if self._client is not None:
            await self._client.close()

    async def _answer(self, request: str, messages: Messages, max_tokens: int) -> None:
        began = time.monotonic()
        try:
            async with asyncio.timeout(self._profile.timeout_seconds):
                reply = await self._ask(messages, max_tokens)
        except TimeoutError:
            reply = Reply(CallStatus.TIMED_OUT, error=f"no answer in {self._profile.timeout_seconds:g} s")
        except Exception as error:  # noqa: BLE001 - whatever a sick endpoint provokes costs this call, not the run
            reply = Reply(CallStatus.DEAD, error=self._one_line(f"{type(error).__name__}: {error}"))
        self._replies.put((request, replace(reply, seconds=time.monotonic() - began)))

    async def _ask(self, messages: Messages, max_tokens: int) -> Reply:
        import openai

        http = _http_library()
        if self._client is None:
            self._client = _connect(openai, http, self._profile, self._key)
        options = {**self._profile.parameters(), self._profile.answer_limit: max_tokens,
                   "extra_body": self._profile.extra_body or None}
        try:
            # The raw body, read piece by piece: its size is bounded, and a malformed one is ours to diagnose.
            async with self._client.chat.completions.with_streaming_response.create(
                model=self._profile.model, messages=list(messages), **options
            ) as response:
                body = bytearray()
                async for piece in response.iter_bytes():
                    body += piece
                    if len(body) > LARGEST_BODY:
                        return Reply(CallStatus.MALFORMED, error=f"the answer is longer than {LARGEST_BODY >> 20} MiB")
        except openai.APIStatusError as error:
            return self._refusal(error)
        except (openai.APIError, http.HTTPError) as error:
            return self._broken(http, error)
        return self._read(bytes(body))

    def _refusal(self, error: Any) -> Reply:
        """An HTTP error status: the request was not carried out, so it costs no tokens, except where it timed out."""
        code = error.status_code
        text = self._one_line(f"HTTP {code}: {_error_text(error.body) or error.message}")
        if code in _TIMED_OUT_STATUS:
            return Reply(CallStatus.TIMED_OUT, error=text)
        if code == 429:
            return Reply(CallStatus.RATE_LIMITED, charge=0, error=text, retry_after=_retry_after(error.response.headers))
        if code >= 500:
            return Reply(CallStatus.SERVER_ERROR, charge=0, error=text, retry_after=_retry_after(error.response.headers))
        return Reply(CallStatus.CLIENT_ERROR, charge=0, error=text, permanent=code in (401, 403, 404, 405))

    def _broken(self, http: Any, error: Exception) -> Reply:
        """No whole HTTP response: before a connection stood nothing was spent, afterwards nobody knows."""
        cause = error.__cause__ if isinstance(error.__cause__, http.HTTPError) else error
        text = self._one_line(f"{type(cause).__name__}: {cause}" if str(cause) else type(cause).__name__)
        if isinstance(cause, (http.ConnectError, http.ConnectTimeout, http.PoolTimeout, http.UnsupportedProtocol)):
            return Reply(CallStatus.DEAD, charge=0, error=text)
        if isinstance(cause, http.TimeoutException):
            return Reply(CallStatus.TIMED_OUT, error=text)
        return Reply(CallStatus.DEAD, error=text)

    def _read(self, body: bytes) -> Reply:
        """The reply in a response's body, which may be anything."""
        try:
            data = json.loads(body)
            choice = data["choices"][0]
            message = choice["message"]
            answer, reasoning = _text(message.get("content")), _text(message.get("reasoning_content") or message.get("reasoning"))
            cut = choice.get("finish_reason") == "length"
        except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError) as error:
            start = self._key.redact(body[:4096].decode("utf-8", "replace"))[:80]
            return Reply(CallStatus.MALFORMED, error=self._one_line(f"no chat completion ({type(error).__name__}): {start!r}"))
        usage = data.get("usage")
        prompt_tokens, completion_tokens = _count(usage, "prompt_tokens"), _count(usage, "completion_tokens")
        charge = None
        if prompt_tokens is not None and completion_tokens is not None:
            charge = max(prompt_tokens + completion_tokens, _count(usage, "total_tokens") or 0)
        return Reply(CallStatus.OK, self._key.redact(answer), self._key.redact(reasoning), prompt_tokens or 0,
                     completion_tokens or 0, charge, cut=cut)

    def _one_line(self, text: str) -> str:
        return self._key.redact(" ".join(text.split()))[:LONGEST_ERROR]


def _http_library() -> Any:
    """The HTTP library below the client: httpx2 since openai 3, httpx before."""
    try:
        return importlib.import_module("httpx2")
    except ModuleNotFoundError:
        return importlib.import_module("httpx")


def _connect(openai: Any, http: Any, profile: Profile, key: Key) -> Any:
    """An async client that speaks to this endpoint alone, never tries again by itself and does not log requests."""
    for name in ("openai", http.__name__, "httpcore", "httpcore2"):
        logging.getLogger(name).setLevel(logging.WARNING)
    client = openai.AsyncOpenAI(
        base_url=profile.base_url,
        # Without a key of its own the client would take OPENAI_API_KEY, which belongs to another endpoint.
        api_key=key.reveal() or "none",
        timeout=http.Timeout(profile.timeout_seconds, connect=profile.connect_seconds),
        max_retries=0,
    )
    client.organization = client.project = client.admin_api_key = None
    return client


def _error_text(body: Any) -> str:
    """What a server's error body says, in whichever of the common shapes."""
    for key in ("error", "message", "detail"):
        if isinstance(body, Mapping) and key in body:
            return _error_text(body[key])
    return body if isinstance(body, str) else "" if body is None else json.dumps(body, default=str)


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds from `retry-after-ms` or `retry-after`; None for a date, nonsense, or nothing."""
    for name, unit in (("retry-after-ms", 1e-3), ("retry-after", 1.0)):
        try:
            seconds = float(headers[name]) * unit
        except (KeyError, ValueError):
            continue
        if 0 <= seconds < float("inf"):
            return seconds
    return None


def _text(content: Any) -> str:
    """A message's content as text: a string, or the list of parts that some servers send."""
    if isinstance(content, list):
        return "".join(_text(part.get("text")) for part in content if isinstance(part, Mapping))
    return content if isinstance(content, str) else ""


def _count(usage: Any, name: str) -> int | None:
    value = usage.get(name) if isinstance(usage, Mapping) else None
    return value if type(value) is int and value >= 0 else None
