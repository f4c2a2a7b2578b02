"""Answer: the candidate in what a model wrote, or the reason why there is none."""
from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...kernels import dialect
from ...kernels.analysis.legality import uses_parallel
from ...kernels.candidate import (
    ENTRY,
    FASTMATH_FLAGS,
    FINITE_ONLY,
    Candidate,
    CandidateError,
    Convention,
    JitOptions,
    Lineage,
)
from ...kernels.signature import Signature
from .call import CallStatus
from .tidy import Tidied, tidy

LONGEST_ANSWER = 400_000
LONGEST_KERNEL = 64_000
LONGEST_NOTE = 200
_FENCE = re.compile(r"^[ \t]*(`{3,}|~{3,})(?P<rest>.*)$")
_OPTIONS = re.compile(r"^[ \t]*#[ \t]*options[ \t]*:[ \t]*(?P<options>.*)$", re.MULTILINE | re.IGNORECASE)
_TRUE, _FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0", "none", "")
_HARMLESS = frozenset({"cache", "nogil", "nopython", "boundscheck", "inline", "looplift", "forceobj", "signature", "convention", "locals"})


class AnswerError(ValueError):
    """The answer holds no usable candidate. The message goes back to the model; `status` is journaled."""

    def __init__(self, message: str, status: CallStatus = CallStatus.NO_KERNEL) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Question:
    """What an answer is read against.

    parameters: of the reference. function: its name. finite: whether nnan and ninf may be used. threads: the run's.
    """

    parameters: tuple[str, ...]
    signature: Signature
    function: str
    finite: bool = False
    threads: int = 1


def read_answer(answer: str, question: Question, operator: str, parent: Candidate | None = None, cut: bool = False) -> Candidate:
    """The candidate in `answer`; it has passed the gate, and its lineage names `operator` and `parent`.

    cut: the answer ended at its token limit. Raises AnswerError.
    """
    if len(answer) > LONGEST_ANSWER:
        raise AnswerError(f"the answer is {len(answer)} characters long; write one kernel of at most {LONGEST_KERNEL}")
    spoken = _without_thoughts(answer)
    block, prose = _kernel_block(spoken, cut)
    try:
        tidied = tidy(block, question.function)
        options = _options(block, tidied, question, parent)
        candidate = Candidate(tidied.text.strip("\n") + "\n", options, _convention(tidied.text, question),
                              Lineage(operator, _note(prose), (parent.identity,) if parent else ()))
        refusals = dialect.check(candidate)
        if not refusals:
            candidate.identity  # noqa: B018 - what cannot be hashed cannot be told apart: find out here
            candidate.skeleton  # noqa: B018
    except SyntaxError as error:
        raise AnswerError(f"the block is no Python: line {error.lineno}: {error.msg}") from None
    except (RecursionError, MemoryError):
        raise AnswerError("the kernel is nested too deeply") from None
    except CandidateError as error:
        raise AnswerError(str(error), CallStatus.REFUSED) from None
    except ValueError as error:
        if isinstance(error, AnswerError):
            raise
        raise AnswerError(f"the block is no Python: {error}") from None
    if refusals:
        lines = candidate.text.splitlines()
        raise AnswerError("outside the dialect:\n" + "\n".join(
            f"- line {refusal.line}: {refusal.reason}" + (
                f"  [{lines[refusal.line - 1].strip()[:100]}]" if 0 < refusal.line <= len(lines) else "")
            for refusal in refusals[:8]), CallStatus.REFUSED)
    return candidate


def _without_thoughts(answer: str) -> str:
    """The answer without reasoning that the server left in it; an opening tag may be missing, or the closing one."""
    answer = answer.replace("\r\n", "\n")
    _, closed, rest = answer.rpartition("</think>")
    if closed:
        return rest
    if answer.lstrip().startswith("<think>"):
        raise AnswerError("the answer ended inside its reasoning; reason more briefly and give the kernel")
    return answer


def _kernel_block(text: str, cut: bool) -> tuple[str, str]:
    """The last fenced block that defines the kernel (else the last that defines a function), and the prose before it."""
    blocks = list(_blocks(text))
    if not blocks and re.search(r"^def\s+\w+\s*\(", text, re.MULTILINE):
        blocks = [_Block(text, "", closed=not cut)]
    for pattern in (rf"^[ \t]*def\s+{ENTRY}\s*\(", r"^[ \t]*def\s+\w+\s*\("):
        for block in reversed(blocks):
            if re.search(pattern, block.body, re.MULTILINE):
                if cut and not block.closed:
                    raise AnswerError("the answer was cut off at its token limit; write a shorter one")
                if len(block.body) > LONGEST_KERNEL:
                    raise AnswerError(f"the kernel is {len(block.body)} characters long; at most {LONGEST_KERNEL} are read")
                return _dedent(block.body), block.before
    if cut:
        raise AnswerError("the answer was cut off at its token limit before any kernel; be brief")
    raise AnswerError(f"no fenced block defines a function {ENTRY}; answer with one ```python block that does")


@dataclass(frozen=True)
class _Block:
    body: str
    before: str
    closed: bool


def _blocks(text: str) -> Iterator[_Block]:
    """The fenced blocks; one that is never closed reaches to the end. A longer fence may hold shorter ones."""
    fence, body, before = "", [], []
    for line in text.split("\n"):
        match = _FENCE.match(line)
        if not fence and match:
            fence, body = match[1], []
        elif fence and match and match[1].startswith(fence) and not match["rest"].strip():
            yield _Block("\n".join(body), "\n".join(before), closed=True)
            fence, before = "", []
        elif fence:
            body.append(line)
        else:
            before.append(line)
    if fence:
        yield _Block("\n".join(body), "\n".join(before), closed=False)


def _dedent(body: str) -> str:
    """A block inside a list is indented as a whole."""
    first = next(line for line in body.splitlines() if line.strip())
    indent = first[:len(first) - len(first.lstrip())]
    return "\n".join(line.removeprefix(indent) for line in body.expandtabs(4).splitlines()) if indent else body


def _note(prose: str) -> str:
    """The last line before the block: what the model says it did."""
    lines = [line.strip(" \t#*>:-") for line in prose.splitlines()]
    return next((line for line in reversed(lines) if line), "")[:LONGEST_NOTE]


def _convention(text: str, question: Question) -> Convention:
    """Which convention the entry follows, told by its number of parameters."""
    entry = next((node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef) and node.name == ENTRY), None)
    if entry is None:
        raise AnswerError(f"several functions and none is called {ENTRY}; call the entry {ENTRY}")
    takes, given = len(entry.args.posonlyargs) + len(entry.args.args), len(question.parameters)
    outputs = [f"out{i}" for i in range(len(question.signature.outputs))] if question.signature.writes_open else []
    if takes == given:
        return "returns"
    if outputs and takes == given + len(outputs):
        return "writes"
    ways = [question.parameters, (*question.parameters, *outputs)][:2 if outputs else 1]
    raise AnswerError(f"{ENTRY} takes {takes} parameters; write " + " or ".join(f"{ENTRY}({', '.join(way)})" for way in ways))


def _options(block: str, tidied: Tidied, question: Question, parent: Candidate | None) -> JitOptions:
    """The jit options: from the `# options:` line, else the decorators, else the parent's; `parallel` needs a prange."""
    line = _OPTIONS.search(block)
    given: Mapping[str, Any] | None = _parse_line(line["options"]) if line else tidied.jit
    prange = uses_parallel([ast.parse(tidied.text)])
    base = parent.options if parent and given is None else JitOptions()
    given = given or {}
    parallel = _flag("parallel", given.get("parallel", prange)) and prange
    fastmath = _fastmath(given.get("fastmath", base.fastmath), question.finite)
    error_model = given.get("error_model", base.error_model)
    if error_model not in ("python", "numpy"):
        raise AnswerError(f"error_model is {error_model!r}; choose python or numpy")
    threads = _threads(given.get("threads", base.threads), question.threads) if parallel else None
    return JitOptions(parallel, fastmath, error_model, threads)


def _parse_line(line: str) -> dict[str, str]:
    if len(line) > LONGEST_NOTE:
        raise AnswerError("the options line is too long")
    found = {}
    for word in re.split(r"[\s,;]+(?=\w+=)", re.sub(r"\s*([=,])\s*", r"\1", line.strip())):
        name, equals, value = word.partition("=")
        if word and (not equals or name not in ("parallel", "fastmath", "error_model", "threads", *_HARMLESS)):
            raise AnswerError(f"the options line holds {word!r}; write parallel=, fastmath=, error_model= or threads=")
        found[name] = value.strip("'\" ,")
    return found


def _flag(name: str, value: Any) -> bool:
    word = str(value).lower()
    if word not in _TRUE + _FALSE:
        raise AnswerError(f"{name} is {value!r}; write True or False")
    return word in _TRUE


def _fastmath(value: Any, finite: bool) -> tuple[str, ...]:
    """The flags meant by True, False, a list or a word; those that assume finite numbers only where that is declared."""
    if isinstance(value, Sequence | set | frozenset) and not isinstance(value, str):
        flags = [str(flag) for flag in value]
    elif str(value).lower() in (*_TRUE, "fast", "all"):
        flags = list(FASTMATH_FLAGS)
    elif str(value).lower() in _FALSE:
        flags = []
    else:
        flags = [flag.strip(" '\"") for flag in str(value).strip("{}[]()").split(",")]
    if "fast" in flags:
        flags = list(FASTMATH_FLAGS)
    unknown = sorted(set(flags) - set(FASTMATH_FLAGS) - {""})
    if unknown:
        raise AnswerError(f"unknown fastmath flag {unknown[0]}; choose from {', '.join(FASTMATH_FLAGS)}")
    return tuple(flag for flag in flags if flag and (finite or flag not in FINITE_ONLY))


def _threads(value: Any, most: int) -> int | None:
    """A count of threads within the run's; None (all of them) for anything else."""
    try:
        count = int(value)
    except (TypeError, ValueError):
        return None
    return count if 1 <= count < most else None
