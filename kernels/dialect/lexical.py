"""The text before it is a tree: its length, its characters, its parse."""
from __future__ import annotations

import ast
import io
import re
import tokenize
import unicodedata

from .limits import MAX_CHARACTERS, MAX_DEPTH, MAX_NODES
from .refusal import Refused

_COOKIE = re.compile(r"coding[:=]")
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def parse(text: str) -> ast.Module:
    """The tree of `text`. Raises Refused if the text is too long, too deep, no Python, or holds characters that other
    readers of it (editors, the tunables' parser, a file's decoder) would take for something else than Python does."""
    if not isinstance(text, str):
        raise Refused(0, f"the text is of type {type(text).__name__}, not str")
    if len(text) > MAX_CHARACTERS:
        raise Refused(0, f"the text has {len(text)} characters; at most {MAX_CHARACTERS} compile in reasonable time")
    _check_characters(text)
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        raise Refused(error.lineno or 0, f"syntax error: {error.msg}") from None
    except RecursionError:
        raise Refused(0, "the text is nested too deeply; split the expression") from None
    except MemoryError:
        raise Refused(0, "the text is nested too deeply for Python's parser; split the expression") from None
    except ValueError as error:
        raise Refused(0, f"the text cannot be parsed: {error}") from None
    _check_tokens(text)
    _check_extent(tree)
    return tree


def _check_characters(text: str) -> None:
    line = 1
    for position, character in enumerate(text):
        if character == "\n":
            line += 1
        elif " " <= character <= "~" or character == "\t":
            continue
        elif unicodedata.category(character) in _INVISIBLE and text[position : position + 2] != "\r\n":
            raise Refused(line, f"the character U+{ord(character):04X} is invisible and may hide code; remove it")
    for number, head in enumerate(text.split("\n", 2)[:2], 1):
        if head.lstrip().startswith("#") and _COOKIE.search(head):
            raise Refused(number, "the comment would declare an encoding; word it without `coding:` or `coding=`")


def _check_tokens(text: str) -> None:
    """Outside of comments and docstrings only ASCII stands: Python folds look-alike letters into ASCII names."""
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type not in (tokenize.COMMENT, tokenize.STRING) and not token.string.isascii():
                raise Refused(token.start[0], f"{token.string[:20]!r} is not ASCII; names and operators are")
    except (tokenize.TokenError, IndentationError) as error:
        raise Refused(0, f"the text cannot be read: {error}") from None


def _check_extent(tree: ast.Module) -> None:
    """Refuses a tree that is too large or too deep, without recursion: everything after this may recurse."""
    count = 0
    level: list[ast.AST] = [tree]
    depth = 0
    while level:
        count += len(level)
        if count > MAX_NODES:
            raise Refused(0, f"the text has more than {MAX_NODES} syntax nodes and would choke the compiler; unroll less")
        if depth > MAX_DEPTH:
            line = next((node.lineno for node in level if hasattr(node, "lineno")), 0)
            raise Refused(line, f"the text is nested more than {MAX_DEPTH} deep; split the expression")
        level = [child for node in level for child in ast.iter_child_nodes(node)]
        depth += 1
