"""Correct rewritings come out identical and subtle errors different, in kernels of many styles."""
from __future__ import annotations

import pytest
from identity_styles import SIZES, STYLES, Style
from kernwright.kernels.candidate import Candidate
from kernwright.kernels.identity import DIFFERENT, IDENTICAL, IdentityReport, compare
from kernwright.kernels.observe import observe
from kernwright.kernels.spec import KernelSpec


def opened(style: Style):
    text = ("import numpy as np\nimport kernwright\n\ndef make_inputs(size, rng):\n    n, m = size['n'], size['m']\n"
            f"    return {style.inputs}\n\n{style.reference.replace('def f(', 'KERNEL' + chr(10) + 'def f(')}\n")
    decorator = f"@kernwright.kernel(inputs=make_inputs, sizes={SIZES!r})"
    return KernelSpec("f", text.replace("KERNEL", decorator), "f").open()


def ask(style: Style, text: str) -> IdentityReport:
    spec = opened(style)
    return compare(spec, Candidate(text), observe(spec, 0).signature, [SIZES["tiny"]], 3, 30.0)


@pytest.mark.parametrize("name", STYLES)
def test_a_correct_rewriting_is_identical(name):
    report = ask(STYLES[name], STYLES[name].same)
    assert report.answer == IDENTICAL, (report.reason, report.difference)


@pytest.mark.parametrize("name", STYLES)
def test_a_subtly_wrong_one_is_different(name):
    report = ask(STYLES[name], STYLES[name].other)
    assert report.answer == DIFFERENT, report.reason
