"""Pieces are spliced into the text of functions, which keep their meaning."""
from __future__ import annotations

import ast

import pytest
from kernwright.kernels.vecmath.splice import piece, spliced


@piece
def halves(value):
    """Two parts of value."""
    s = value * 0.5
    upper = s + 1.0
    return s, upper


@piece
def nested(value):
    first, second = halves(value)
    total = first * second
    return total


def uses_both(x):
    s = x + 1.0
    first, second = halves(s)
    product = nested(first)
    return s + product * second


def run(function, x):
    names = {}
    exec(ast.unparse(spliced(function)), names)
    return names[function.__name__](x)


def test_a_piece_is_the_same_as_the_call_of_a_function():
    s = 4.0
    first, second = s / 2, s / 2 + 1
    assert run(uses_both, 3.0) == s + (first / 2 * (first / 2 + 1)) * second


def test_a_spliced_text_calls_nothing():
    assert not [node for node in ast.walk(spliced(uses_both)) if isinstance(node, ast.Call)]


def test_a_piece_is_no_function():
    with pytest.raises(TypeError, match="spliced"):
        halves(1.0)


def test_only_plain_names_are_given_to_a_piece():
    def wrong(x):
        first, second = halves(x + 1.0)
        return first + second

    with pytest.raises((ValueError, IndentationError)):
        spliced(wrong)
