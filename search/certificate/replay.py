"""Replay: the text that a lineage's differences make of the reference, applied one after the other."""
from __future__ import annotations

import ast
import re
from collections.abc import Sequence

from ...kernels.spec import KernelSpec

_PLACE = re.compile(r"^@@ -(\d+)(?:,(\d+))? \+\d+(?:,\d+)? @@")


class LineageError(ValueError):
    """A difference does not fit the text that it is said to change."""


def reference_text(spec: KernelSpec) -> str:
    """The reference's own definition, without its decorator; all of the spec's text where that has none."""
    for node in ast.parse(spec.text).body:
        if isinstance(node, ast.FunctionDef) and node.name == spec.function:
            return (ast.get_source_segment(spec.text, node) or spec.text) + "\n"
    return spec.text


def replayed(spec: KernelSpec, diffs: Sequence[str]) -> list[str]:
    """The lines that the reference's become when every difference is applied in turn. Raises LineageError."""
    lines = reference_text(spec).splitlines()
    for number, diff in enumerate(diffs):
        try:
            lines = _patched(lines, diff)
        except LineageError as error:
            raise LineageError(f"step {number}: {error}") from None
    return lines


def _patched(before: Sequence[str], diff: str) -> list[str]:
    """`before` with a unified difference applied, every line of which must fit exactly."""
    after: list[str] = []
    position = 0
    for line in diff.split("\n") if diff else ():
        if place := _PLACE.match(line):
            # Of an empty range the line before it is named.
            start = int(place[1]) - (place[2] != "0")
            if not position <= start <= len(before):
                raise LineageError(f"there is no line {place[1]}")
            after += before[position:start]
            position = start
        elif line[:1] in (" ", "-"):
            if position >= len(before) or before[position] != line[1:]:
                raise LineageError(f"line {position + 1} is not {line[1:]!r}")
            after += [line[1:]] if line[0] == " " else []
            position += 1
        elif line[:1] == "+":
            after.append(line[1:])
        else:
            raise LineageError(f"{line[:40]!r} is no line of a difference")
    return after + list(before[position:])
