"""Selftest: every known attack, made here: through the judge that a search uses, and on the sandbox itself."""
from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from typing import Any

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from ..kernels.candidate import Candidate
from ..kernels.signature import Signature
from ..kernels.spec import KernelSpec, SpecError
from ..workers.machine import machine_type
from ..workers.selftest.attacks import ATTACKS
from ..workers.selftest.intrusions import INTRUSIONS, run_intrusions
from ..workers.selftest.kernels import CONTROLS
from ..workers.selftest.run import SETTINGS, NoKernel, Outcome, run
from .llm.answer import AnswerError, Question, read_answer

_MESSAGE_WIDTH = 60
_STYLES = {True: ("defended", "green"), False: ("WON", "bold red"), None: ("no defence here", "yellow")}


def selftest(names: Sequence[str] = (), seed: int = 0) -> Iterator[Outcome]:
    """What became of each attack, control and intrusion, as it becomes known; of those called `names`, where any is given.

    Raises SpecError where there is none of that name.
    """
    chosen = _chosen(names)
    cores = len(machine_type().physical_cores)
    settings = replace(SETTINGS, threads=min(SETTINGS.threads, cores))
    attacks = [attack for attack in ATTACKS.values() if attack.name in chosen]
    controls = [control for control in CONTROLS if control.name in chosen]
    yield from run(attacks, controls, read, seed, max(1, min(2, cores)), settings)
    yield from run_intrusions(frozenset(chosen))


def count(names: Sequence[str] = ()) -> int:
    """How many outcomes `selftest` is going to give. Raises SpecError."""
    return len(_chosen(names))


def read(text: str, spec: KernelSpec, signature: Signature) -> Candidate:
    """The candidate in a model's answer, read as the search reads it. Raises NoKernel."""
    opened = spec.open()
    question = Question(opened.parameters, signature, spec.function, opened.declaration.finite, SETTINGS.threads)
    try:
        return read_answer(text, question, "llm:selftest")
    except AnswerError as error:
        raise NoKernel(str(error)) from None


def passed(outcomes: Iterable[Outcome]) -> bool:
    """Whether no attack won, and every honest candidate was verified."""
    return all(outcome.defended is not False for outcome in outcomes)


def show(names: Sequence[str], seed: int, console: Console | None = None) -> list[Outcome]:
    """Runs `selftest`, prints the table (line by line where there is no terminal) and returns its outcomes."""
    console = console or Console(highlight=False)
    outcomes: list[Outcome] = []
    if not console.is_terminal:
        for outcome in selftest(names, seed):
            outcomes.append(outcome)
            print(f"{_STYLES[outcome.defended][0]:15}  {outcome.group:7}  {outcome.name:40}  {outcome.verdict:13}  "
                  f"{_first_line(outcome.message)}", flush=True)
    else:
        with Progress(console=console, transient=True) as progress:
            task = progress.add_task("attacks", total=count(names))
            for outcome in selftest(names, seed):
                outcomes.append(outcome)
                progress.update(task, advance=1, description=outcome.name)
        console.print(_table(outcomes))
    console.print(_sentence(outcomes), soft_wrap=True)
    return outcomes


def as_json(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    return {"passed": passed(outcomes), "sentence": _sentence(outcomes), "outcomes": [asdict(outcome) for outcome in outcomes]}


def _chosen(names: Sequence[str]) -> set[str]:
    known = {*ATTACKS, *INTRUSIONS, *(control.name for control in CONTROLS)}
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, sorted(known), 1)
            raise SpecError(f"there is no attack called {name!r}" + (f"; did you mean {near[0]}?" if near else ""))
    return set(names) or known


def _table(outcomes: Sequence[Outcome]) -> Table:
    table = Table("", "attack", "on", "ended in", "by", "why")
    for outcome in outcomes:
        word, style = _STYLES[outcome.defended]
        table.add_row(f"[{style}]{word}[/]", outcome.name, outcome.target, outcome.verdict, outcome.rung, _first_line(outcome.message))
    return table


def _first_line(message: str) -> str:
    line = message.partition("\n")[0].replace("[", "(").replace("]", ")")
    return line if len(line) <= _MESSAGE_WIDTH else line[: _MESSAGE_WIDTH - 2] + " …"


def _sentence(outcomes: Sequence[Outcome]) -> str:
    controls = [outcome for outcome in outcomes if outcome.group == "control"]
    attacks = [outcome for outcome in outcomes if outcome.group != "control"]
    won = [outcome.name for outcome in attacks if outcome.defended is False]
    lacking = [outcome.name for outcome in attacks if outcome.defended is None]
    refused = [outcome.name for outcome in controls if not outcome.defended]
    verdicts = Counter(outcome.verdict for outcome in attacks if outcome.defended)
    parts = [f"{len(attacks) - len(won) - len(lacking)} of {len(attacks)} attacks were stopped "
             f"({', '.join(f'{number} {verdict}' for verdict, number in verdicts.most_common())})"]
    parts += [f"{len(won)} WON: {', '.join(won)}"] if won else []
    parts += [f"{len(lacking)} this machine has no defence against: {', '.join(lacking)}"] if lacking else []
    parts += [f"{len(controls) - len(refused)} of {len(controls)} honest candidates were verified"] if controls else []
    parts += [f"not so {', '.join(refused)}"] if refused else []
    return "; ".join(parts)
