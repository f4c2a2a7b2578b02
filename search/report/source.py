"""Source text as HTML, its words coloured."""
from __future__ import annotations

import io
import keyword
import tokenize

from markupsafe import Markup, escape

SHOWN = {"np", "math", "prange", "range", "len"}


def highlight(text: str) -> Markup:
    """The text, escaped; keywords, numbers, comments and strings in spans. Plain where it does not tokenise."""
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    except (tokenize.TokenError, SyntaxError, ValueError):
        return escape(text)
    lines = text.splitlines(keepends=True)
    pieces: list[Markup] = []
    row, column = 1, 0

    def upto(end: tuple[int, int]) -> str:
        nonlocal row, column
        plain = []
        while row < end[0] and row <= len(lines):
            plain.append(lines[row - 1][column:])
            row, column = row + 1, 0
        if row <= len(lines):
            plain.append(lines[row - 1][column:end[1]])
            column = end[1]
        return "".join(plain)

    for token in tokens:
        kind = _kind(token)
        if kind:
            pieces.append(escape(upto(token.start)))
            pieces.append(Markup('<span class="{}">{}</span>').format(kind, upto(token.end)))
    pieces.append(escape(upto((len(lines) + 1, 0))))
    return Markup("").join(pieces)


def _kind(token: tokenize.TokenInfo) -> str:
    if token.type == tokenize.COMMENT:
        return "comment"
    if token.type == tokenize.NUMBER:
        return "number"
    if token.type == tokenize.STRING:
        return "string"
    if token.type == tokenize.NAME:
        return "keyword" if keyword.iskeyword(token.string) else "known" if token.string in SHOWN else ""
    return ""
