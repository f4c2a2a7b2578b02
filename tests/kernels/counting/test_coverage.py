"""The built-in kernels, and kernels in many styles with their rewritings, are within what can be counted."""
from __future__ import annotations

import pytest
from identity_styles import SIZES, STYLES
from kernwright.kernels import library
from kernwright.kernels.candidate import Candidate
from kernwright.kernels.counting.runs import of_candidate, of_reference
from kernwright.kernels.observe import observe
from kernwright.kernels.spec import KernelSpec


@pytest.mark.parametrize("name", library.names())
def test_the_built_in_references_are_counted(name):
    opened = library.load(name).open()
    arguments = opened.make_inputs("tiny", 1)
    work = of_reference(opened.spec, arguments)
    assert work.written > 0 and work.read <= sum(getattr(a, "nbytes", 0) for a in arguments)
    assert work.touched >= work.read


@pytest.mark.parametrize("name", STYLES)
def test_a_rewriting_reads_and_writes_about_what_its_reference_does(name):
    style = STYLES[name]
    reference = style.reference.replace("def f(", f"@kernwright.kernel(inputs=make_inputs, sizes={SIZES!r})\ndef f(")
    text = ("import numpy as np\nimport kernwright\n\ndef make_inputs(size, rng):\n    n, m = size['n'], size['m']\n"
            f"    return {style.inputs}\n\n{reference}\n")
    opened = KernelSpec("f", text, "f").open()
    arguments = opened.make_inputs("tiny", 1)
    expected = of_reference(opened.spec, arguments)
    rewritten = of_candidate(Candidate(style.same), arguments, observe(opened, 0).signature)
    assert expected.written == pytest.approx(rewritten.written, abs=8)
    assert rewritten.read <= 1.2 * expected.read
