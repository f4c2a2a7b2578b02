"""A scripted chat endpoint that speaks the OpenAI protocol over a socket and plays a competent, clumsy or dying model.

By hand: `python tests/scripted_model.py --mode competent --port 8123` prints its base URL, for a profile such as
    base_url = "http://127.0.0.1:8123/v1"
    model = "scripted"
In a test: `with ScriptedModel("clumsy") as server: ... server.base_url`. Standard library only.
"""
from __future__ import annotations

import argparse
import ast
import json
import re
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

FAULTS = ("429", "hang", "reset", "500", "garbage", "no usage", "stream", "huge", "no choices", "null content", "echo key")
REASSOCIATE = "fastmath=reassoc,nsz,contract"
VARIATIONS = (
    ("I let the reductions be reordered.", f"{REASSOCIATE} error_model=numpy", False),
    ("I run the outermost loop in parallel.", "parallel=True error_model=numpy", True),
    ("I run the outermost loop in parallel and let reductions be reordered.", f"parallel=True {REASSOCIATE} error_model=numpy", True),
    ("Only the error model changes.", "error_model=numpy", False),
)


class ScriptedModel:
    """A server in threads of this process.

    mode: "competent" (a correct kernel each time, made from the parent in the prompt), "clumsy" (a fault of style,
    dialect or arithmetic first, corrected after feedback) or "dying" (each of FAULTS in turn, for ever).
    script: what to do first, request by request: a mode, one of FAULTS, or a function of the request's body that
    returns the answer's text. answers: kernels to answer with, by the reference's name, before any of our own.
    key: the only key let in. hang_seconds: how long "hang" stays silent.
    """

    def __init__(self, mode: str = "competent", *, port: int = 0, script: Sequence[str | Callable[[dict], str]] = (),
                 answers: dict[str, Sequence[str]] | None = None, key: str | None = None, hang_seconds: float = 30.0,
                 delay: float = 0.0, retry_after: str = "0") -> None:
        self.mode = mode
        self.script = list(script)
        self.answers = {name: list(texts) for name, texts in (answers or {}).items()}
        self.key = key
        self.hang_seconds = hang_seconds
        self.delay = delay
        self.retry_after = retry_after
        self.requests: list[dict] = []
        self.headers: list[dict[str, str]] = []
        self.reported_tokens = 0
        self.most_at_once = 0
        self._at_once = 0
        self._faults = self._turns = 0
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._server = _Server(("127.0.0.1", port), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def start(self) -> ScriptedModel:
        self._thread.start()
        return self

    def stop(self) -> None:
        self._closing.set()
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()

    def __enter__(self) -> ScriptedModel:
        return self.start()

    def __exit__(self, *_error: object) -> None:
        self.stop()

    def serve(self, handler: BaseHTTPRequestHandler) -> None:
        """Answer one POST."""
        length = int(handler.headers["content-length"])
        data = handler.rfile.read(length)
        if len(data) < length:
            handler.close_connection = True
            return
        body = json.loads(data)
        with self._lock:
            number = len(self.requests)
            self.requests.append(body)
            self.headers.append({name.lower(): value for name, value in handler.headers.items()})
            step = self.script.pop(0) if self.script else self.mode
            if step == "dying":
                step = FAULTS[self._faults % len(FAULTS)]
                self._faults += 1
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            shown = self._shown_key(number)
            if self.key is not None and shown != f"Bearer {self.key}":
                return self._json(handler, 401, {"error": {"message": f"wrong key: {shown}"}})
            self._closing.wait(self.delay)
            self._do(handler, step, body, number)
        finally:
            with self._lock:
                self._at_once -= 1

    def _do(self, handler: BaseHTTPRequestHandler, step: str | Callable[[dict], str], body: dict, number: int) -> None:
        if callable(step):
            self._completion(handler, body, step(body))
        elif step == "competent":
            self._completion(handler, body, self._competent(body, number))
        elif step == "clumsy":
            self._completion(handler, body, self._clumsy(body, number))
        else:
            self._fault(handler, step, body, number)

    def _competent(self, body: dict, number: int) -> str:
        prompt = body["messages"][1]["content"]
        reference = re.search(r"# The reference: `(\w+)`", prompt)
        canned = self.answers.get(reference[1] if reference else "")
        if canned:
            return f"From my own library.\n\n```python\n{canned.pop(0)}\n```"
        sentence, options, parallel = VARIATIONS[number % len(VARIATIONS)]
        text = shown_kernel(prompt)
        return f"{sentence}\n\n```python\n# options: {options}\n{in_parallel(text) if parallel else text}\n```"

    def _clumsy(self, body: dict, number: int) -> str:
        if any(message["role"] == "assistant" for message in body["messages"]):
            return "Sorry, here is the corrected kernel.\n\n" + self._competent(body, number)
        text = shown_kernel(body["messages"][1]["content"])
        with self._lock:
            turn, self._turns = self._turns % 5, self._turns + 1
        return (
            "You could try to vectorise the loop and use more threads. Shall I write it?",
            f"With a decorator, as usual:\n\n```\nimport numpy as np\nfrom numba import njit\n\n@njit(fastmath=True, cache=True)\n{text}\n```",
            f"Files are fast.\n\n```python\nimport os\n{text}\n    os.system('true')\n```",
            f"```python\n{wrong(text)}\n```",
            "```python\ndef kernel(:\n```",
        )[turn]

    def _fault(self, handler: BaseHTTPRequestHandler, fault: str, body: dict, number: int) -> None:
        if fault == "429":
            self._json(handler, 429, {"error": {"message": "slow down"}}, {"retry-after": self.retry_after})
        elif fault.isdigit():
            self._json(handler, int(fault), {"error": {"message": "out of order"}})
        elif fault == "echo key":
            self._json(handler, 503, {"error": {"message": f"cannot serve {self._shown_key(number)} now"}})
        elif fault == "hang":
            self._closing.wait(self.hang_seconds)
            handler.close_connection = True
        elif fault == "reset":
            self._head(handler, 200, {"content-type": "application/json", "content-length": "5000"})
            handler.wfile.write(b'{"choices": [{"message": {"content": "def ')
            handler.wfile.flush()
            time.sleep(0.05)
            handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            handler.connection.close()
            handler.close_connection = True
        elif fault == "garbage":
            self._raw(handler, 200, b"<html>\xff\xfe welcome to the captive portal</html>", "text/html")
        elif fault == "stream":
            self._raw(handler, 200, b'data: {"choices": [{"delta": {"content": "x"}}]}\n\n: ping\n\ndata: [DONE]\n\n', "text/event-stream")
        elif fault == "huge":
            self._raw(handler, 200, b'{"choices": [{"message": {"content": "' + b"x" * (9 << 20) + b'"}}]}', "application/json")
        elif fault == "no choices":
            self._json(handler, 200, {"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 1}})
        elif fault == "null content":
            self._json(handler, 200, {"choices": [{"message": {"content": None, "reasoning_content": "hm"}}],
                                      "usage": {"prompt_tokens": 7, "completion_tokens": 1, "total_tokens": 8}})
        elif fault == "no usage":
            self._json(handler, 200, {"choices": [{"message": {"content": self._competent(body, number)}}]})
        else:
            raise ValueError(f"unknown step {fault!r}")

    def _completion(self, handler: BaseHTTPRequestHandler, body: dict, text: str) -> None:
        """A chat completion of `text`, cut at the request's own limit, at four bytes a token."""
        prompt = sum(len(message["content"].encode()) for message in body["messages"]) // 4
        limit = body.get("max_tokens", body.get("max_completion_tokens"))
        cut = limit is not None and len(text) // 4 > limit
        text = text[:4 * limit] if cut else text
        completion = len(text) // 4
        with self._lock:
            self.reported_tokens += prompt + completion
        self._json(handler, 200, {
            "id": "scripted", "object": "chat.completion", "created": int(time.time()), "model": body["model"],
            "choices": [{"index": 0, "finish_reason": "length" if cut else "stop",
                         "message": {"role": "assistant", "content": text, "reasoning_content": "It must be faster."}}],
            "usage": {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}})

    def _shown_key(self, number: int) -> str:
        return self.headers[number].get("authorization", "")

    def _json(self, handler: BaseHTTPRequestHandler, code: int, data: dict, headers: dict[str, str] | None = None) -> None:
        self._raw(handler, code, json.dumps(data).encode(), "application/json", headers)

    def _raw(self, handler: BaseHTTPRequestHandler, code: int, data: bytes, kind: str, headers: dict[str, str] | None = None) -> None:
        self._head(handler, code, {"content-type": kind, "content-length": str(len(data)), **(headers or {})})
        try:
            handler.wfile.write(data)
        except OSError:
            handler.close_connection = True

    @staticmethod
    def _head(handler: BaseHTTPRequestHandler, code: int, headers: dict[str, str]) -> None:
        handler.send_response(code)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.end_headers()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that hang up are what these tests are about; everything else is a mistake of the script."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


def _handler(model: ScriptedModel) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            model.serve(self)

        def log_message(self, *_arguments: object) -> None:
            pass

    return Handler


def shown_kernel(prompt: str) -> str:
    """The parent's text in the prompt, else the reference's, as dialect text: no comments but tunables, entry `kernel`."""
    block = re.search(r"# The parent.*?\n(`{3,})python\n(?P<text>.*?)\n\1", prompt, re.DOTALL)
    if block:
        return "\n".join(line for line in block["text"].splitlines() if not line.startswith("# options"))
    name = re.search(r"# The reference: `(\w+)`", prompt)
    block = re.search(r"# The reference: .*?\n(`{3,})python\n(?P<text>.*?)\n\1", prompt, re.DOTALL)
    if not (name and block):
        raise ValueError("the prompt shows no kernel")
    return re.sub(rf"\b{name[1]}\b", "kernel", block["text"])


def in_parallel(text: str) -> str:
    """`text` with a `prange` in the first outermost loop of its entry that is a plain range and looks independent."""
    for function in ast.parse(text).body:
        if isinstance(function, ast.FunctionDef) and function.name == "kernel":
            for loop in function.body:
                if isinstance(loop, ast.For) and ast.unparse(loop.iter).startswith("range(") and independent(loop):
                    lines = text.splitlines()
                    lines[loop.lineno - 1] = lines[loop.lineno - 1].replace("range(", "prange(", 1)
                    return "\n".join(lines)
    return text


def independent(loop: ast.For) -> bool:
    """Whether iterations plainly keep apart: arrays written are touched at the loop's own index, scalars start afresh."""
    index = ast.unparse(loop.target)
    nodes = list(ast.walk(loop))
    items = [node for node in nodes if isinstance(node, ast.Subscript)]
    written = {ast.unparse(item.value) for item in items if isinstance(item.ctx, ast.Store)}
    own = all(index in [ast.unparse(part) for part in (item.slice.elts if isinstance(item.slice, ast.Tuple) else [item.slice])]
              for item in items if ast.unparse(item.value) in written)
    fresh = {target.id for node in nodes if isinstance(node, ast.Assign) for target in node.targets if isinstance(target, ast.Name)}
    summed = {node.target.id for node in nodes if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name)}
    return bool(written) and own and summed <= fresh


def wrong(text: str) -> str:
    """`text` with its first addition turned into a subtraction (or a factor into a sum): it computes something else."""
    return re.sub(r" \+=? ", lambda m: m[0].replace("+", "-"), text, count=1) if re.search(r" \+=? ", text) else text.replace(" * ", " + ", 1)


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--mode", choices=("competent", "clumsy", "dying"), default="competent")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--key", help="the only key that is let in")
    parser.add_argument("--delay", type=float, default=0.0, help="seconds before each answer")
    parser.add_argument("--hang-seconds", type=float, default=30.0)
    parser.add_argument("--answers", type=Path, help="folder of NAME.py: a kernel to answer when the reference is NAME")
    chosen = parser.parse_args(arguments)
    answers = {path.stem: [path.read_text()] for path in sorted(chosen.answers.glob("*.py"))} if chosen.answers else None
    model = ScriptedModel(chosen.mode, port=chosen.port, key=chosen.key, delay=chosen.delay, answers=answers,
                          hang_seconds=chosen.hang_seconds).start()
    print(model.base_url, flush=True)
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        model.stop()


if __name__ == "__main__":
    main(sys.argv[1:])
