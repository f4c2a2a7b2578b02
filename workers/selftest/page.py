"""Page: the catalogue of attacks as a document. `python -m kernwright.workers.selftest.page > docs/exploits.md` writes it."""
from __future__ import annotations

from collections.abc import Iterable, Iterator

from .attack import Attack
from .attacks import ATTACKS
from .intrusions import INTRUSIONS
from .kernels import CONTROLS, KERNELS

_HEAD = """# No profit from cheating

{attacks} attacks on the judge and {intrusions} on its sandbox, each of which would win if it worked. `kernwright selftest` makes them
all on your machine, beside {controls} honest candidates that must be verified, and ends in status 1 if one of them wins; `--only NAME`
makes one, `--json` prints JSON. They live in `workers/selftest/`; this page is written from there
(`python -m kernwright.workers.selftest.page > docs/exploits.md`).

An attack is a candidate (text, jit options, calling convention), or what a language model answers, on one of the kernels {kernels}.
It goes through the judge that a search uses: gate, smoke, access log, build, verification, measurement; one that gets through
all of it is examined like a champion. An intrusion is code in a candidate's process, as if the gate had let it through.
Where the machine lacks the defence that an intrusion needs (Landlock, seccomp, a namespace), the table says so.

## What is assumed
- The kernel that a person declares, its input generator included, is trusted code: it runs with the user's rights.
- Numba, LLVM, NumPy and the operating system do what they say.
- A candidate that executed code of its own in its process could not reach the judge, its files or its clock, but it could
  pretend to work while it is timed. That no text of the dialect does so is the gate's affair, hence its allow-list.
"""


def page() -> str:
    """The whole document."""
    return "\n".join([
        _HEAD.format(attacks=len(ATTACKS), intrusions=len(INTRUSIONS), controls=len(CONTROLS), kernels=", ".join(f"`{name}`" for name in KERNELS)),
        "## Attacks on the judge", *_table(ATTACKS.values()), "",
        "## Attacks on the sandbox", "| attack | how it would win | what stops it |", "|---|---|---|",
        *(f"| {i.name} | {i.story} | {i.stopped_by}{_needs(i.needs)} |" for i in INTRUSIONS.values()), "",
    ])


def _table(attacks: Iterable[Attack]) -> Iterator[str]:
    yield "| attack | how it would win | what stops it | it ends in |"
    yield "|---|---|---|---|"
    for attack in attacks:
        yield f"| {attack.name} | {attack.story} | {attack.stopped_by} | {', '.join(sorted(attack.expected))} |"


def _needs(needs: tuple[str, ...]) -> str:
    return f" (needs {' or '.join(needs)})" if needs else ""


if __name__ == "__main__":
    print(page(), end="")
