"""What models habitually write is understood; what is no kernel is refused with a reason they can act on."""
import time

import pytest
from kernwright.kernels.candidate import Candidate, JitOptions
from kernwright.kernels.signature import Argument, Output, Signature
from kernwright.search.llm.answer import LONGEST_ANSWER, AnswerError, Question, read_answer
from kernwright.search.llm.call import CallStatus
from kernwright.search.llm.prompt import options_line

SIGNATURE = Signature((Argument("a", "array", "float64", 2), Argument("n", "int", "int64")),
                      (Output("array", "float64", 1, ("a.shape[0]",)),))
QUESTION = Question(("a", "n"), SIGNATURE, "row_sums", finite=False, threads=4)
BODY = """def kernel(a, n):
    out = np.zeros(a.shape[0])
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            out[i] += a[i, j]
    return out
"""
PARALLEL = BODY.replace("range(a.shape[0])", "prange(a.shape[0])", 1)


def block(text, fence="```", language="python"):
    return f"{fence}{language}\n{text}\n{fence}\n"


def read(answer, parent=None, question=QUESTION, **options):
    return read_answer(answer, question, "llm:test", parent, **options)


def same(candidate, text):
    return candidate.identity == Candidate(text, candidate.options, candidate.convention).identity


@pytest.mark.parametrize("answer", [
    block(BODY),
    block(BODY, language=""),
    block(BODY, language="Python title=x.py"),
    block(BODY, fence="~~~"),
    block(BODY, fence="````"),
    "I fused the loops.\n\n" + block(BODY) + "\nIt should be twice as fast.",
    "<think>\nshould I?\n" + block("def kernel(x):\n    return x") + "</think>\n" + block(BODY),
    "maybe\n" + block("def kernel(x):\n    return x") + "</think>" + block(BODY),
    block("def kernel(x):\n    return 1") + "No, better:\n" + block(BODY),
    block(BODY) + "Call it so:\n" + block("kernel(a, 3)"),
    block(BODY).replace("\n", "\r\n"),
    "- first\n\n" + "\n".join("  " + line for line in block(BODY).splitlines()),
    BODY,
    "```python\n" + BODY,
    block("import numpy as np\nfrom numba import njit, prange\n\n" + BODY),
    block("from __future__ import annotations\nimport numpy as np\nimport numba as nb\n\n@nb.njit(cache=True)\n" + BODY),
    block(BODY.replace("np.", "numpy.").join(["import numpy\n", ""])),
    block(BODY.replace("kernel", "row_sums")),
    block(BODY.replace("kernel", "fast")),
    block(BODY.replace("(a, n):", "(a: np.ndarray, n: 'int') -> np.ndarray:")),
    block(BODY.replace("    out =", '    """Sums the rows."""\n    out =')),
    block('"""A module."""\n' + BODY + '\nif __name__ == "__main__":\n    print(kernel(np.ones((2, 2)), 1))'),
    block(BODY.replace("out = ", "out: np.ndarray = ")),
], ids=lambda answer: repr(answer[:40]))
def test_habits_are_understood(answer):
    assert same(read(answer), BODY)


def test_imported_names_become_the_dialects():
    text = ("import math as m\nimport numba\nfrom numpy import exp as e, float32\n\n@numba.njit(parallel=True)\ndef kernel(a, n):\n"
            "    for i in numba.prange(n):\n        a[i, 0] = m.sqrt(e(float32(i)))\n    return a[0]")
    expected = "def kernel(a, n):\n    for i in prange(n):\n        a[i, 0] = math.sqrt(np.exp(np.float32(i)))\n    return a[0]\n"
    assert same(read(block(text)), expected)


def test_tunables_keep_their_comments():
    candidate = read(block("@njit\n" + BODY.replace("def kernel", "def row_sums")).replace("@njit", "TILE = 8  # tune: 8 16\n\n@njit"))
    assert [(t.name, t.choices) for t in candidate.tunables] == [("TILE", (8, 16))]


def test_helpers_stay_and_are_not_the_entry():
    candidate = read(block("@njit(inline='always')\ndef add(x, y):\n    return x + y\n\n@njit\n" + BODY.replace("kernel", "run").replace(
        "out[i] += a[i, j]", "out[i] = add(out[i], a[i, j])")))
    assert candidate.text.startswith("def add") and "def kernel" in candidate.text


def test_the_convention_is_told_by_the_parameters():
    writes = BODY.replace("(a, n)", "(a, n, out)").replace("    return out\n", "").replace("    out = np.zeros(a.shape[0])\n", "    out[:] = 0\n")
    assert read(block(writes)).convention == "writes"
    assert read(block(BODY)).convention == "returns"
    with pytest.raises(AnswerError, match=r"takes 1 parameters; write kernel\(a, n\) or kernel\(a, n, out0\)"):
        read(block("def kernel(a):\n    return a"))


@pytest.mark.parametrize(("line", "text", "options"), [
    ("# options: parallel=True fastmath=reassoc,nsz,contract error_model=numpy", PARALLEL,
     JitOptions(True, ("reassoc", "nsz", "contract"), "numpy")),
    ("# Options: parallel = true, fastmath = none", PARALLEL, JitOptions(True)),
    ("# options: parallel=True", BODY, JitOptions(False)),
    ("# options: fastmath=reassoc", PARALLEL, JitOptions(True, ("reassoc",))),
    ("# options: parallel=False", PARALLEL, JitOptions(False)),
    ("# options: threads=2", PARALLEL, JitOptions(True, threads=2)),
    ("# options: threads=64", PARALLEL, JitOptions(True)),
    ("# options: fastmath=True cache=True", BODY, JitOptions(False, ("reassoc", "nsz", "contract", "arcp", "afn"))),
    ("# options: fastmath={'nnan','contract'}", BODY, JitOptions(False, ("contract",))),
    ("@njit(parallel=True, fastmath={'reassoc', 'nsz'}, error_model='numpy')", PARALLEL,
     JitOptions(True, ("reassoc", "nsz"), "numpy")),
    ("@nb.jit(nopython=True, fastmath=True)", BODY, JitOptions(False, ("reassoc", "nsz", "contract", "arcp", "afn"))),
    ("@njit('f8[:](f8[:,:], i8)', fastmath=['contract'])", BODY, JitOptions(False, ("contract",))),
    ("# nothing", PARALLEL, JitOptions(True)),
])
def test_options_come_from_the_line_or_the_decorator(line, text, options):
    assert read(block(line + "\n" + text)).options == options


def test_flags_that_assume_finite_numbers_need_the_specs_word():
    finite = Question(("a", "n"), SIGNATURE, "row_sums", finite=True, threads=1)
    answer = block("# options: fastmath=nnan,reassoc\n" + BODY)
    assert read(answer).options.fastmath == ("reassoc",)
    assert read(answer, question=finite).options.fastmath == ("nnan", "reassoc")


def test_without_a_word_on_options_the_parents_hold():
    parent = Candidate(BODY, JitOptions(fastmath=("reassoc",), error_model="numpy"))
    child = read("Shorter now.\n" + block(BODY.replace("np.zeros", "np.empty")), parent)
    assert child.options == parent.options
    assert child.lineage.operator == "llm:test" and child.lineage.parents == (parent.identity,)
    assert child.lineage.note == "Shorter now."


def test_the_line_written_in_prompts_reads_back():
    for options in (JitOptions(), JitOptions(True, ("reassoc", "nsz"), "numpy", 2), JitOptions(fastmath=("afn",))):
        text = PARALLEL if options.parallel else BODY
        assert read(block(options_line(options) + "\n" + text)).options == options


@pytest.mark.parametrize(("answer", "status", "says"), [
    ("", CallStatus.NO_KERNEL, "no fenced block defines a function kernel"),
    ("I cannot help with that.", CallStatus.NO_KERNEL, "no fenced block"),
    (block("x = 1"), CallStatus.NO_KERNEL, "no fenced block"),
    (block("def kernel(:\n  pass"), CallStatus.NO_KERNEL, "no Python: line 1"),
    (block(BODY + "\x00"), CallStatus.NO_KERNEL, "no Python"),
    (block(BODY.replace("kernel", "one") + BODY.replace("kernel", "two")), CallStatus.NO_KERNEL, "none is called kernel"),
    (block("def kernel(a, n):\n    return " + "-" * 5000 + "n"), None, ""),
    (block("def kernel(a, n):\n    return " + "(" * 5000 + "n" + ")" * 5000), None, ""),
    (block("# options: parallel\n" + BODY), CallStatus.NO_KERNEL, "options line holds 'parallel'"),
    ("<think>I wonder, and wonder", CallStatus.NO_KERNEL, "ended inside its reasoning"),
    (block("# options: fastmath=warp\n" + BODY), CallStatus.NO_KERNEL, "unknown fastmath flag warp"),
    (block("# options: parallell=True\n" + BODY), CallStatus.NO_KERNEL, "options line holds 'parallell=True'"),
    (block("# options: error_model=c\n" + BODY), CallStatus.NO_KERNEL, "choose python or numpy"),
    (block("T = 1  # tune: one two\n" + BODY), CallStatus.REFUSED, "tunable T"),
    (block("import os\n" + BODY), CallStatus.REFUSED, "outside the dialect:\n- line 1"),
    ("x" * (LONGEST_ANSWER + 1), CallStatus.NO_KERNEL, "characters long"),
    (block(BODY + "\n" + "# padding\n" * 8000), CallStatus.NO_KERNEL, "characters long"),
    ("```\n" * 50_000, CallStatus.NO_KERNEL, "no fenced block"),
], ids=lambda value: repr(value)[:30])
def test_what_is_no_kernel_is_refused_with_a_reason(answer, status, says):
    with pytest.raises(AnswerError) as caught:
        read(answer)
    assert says in str(caught.value) and (status is None or caught.value.status is status)


def test_an_answer_cut_at_its_limit_says_so():
    for answer in ("```python\n" + BODY, BODY, "So I think"):
        with pytest.raises(AnswerError, match="cut off at its token limit"):
            read(answer, cut=True)
    assert same(read(block(BODY) + "and furthermore", cut=True), BODY)


def test_refusals_quote_the_line():
    with pytest.raises(AnswerError, match=r"line 2.*\[import os\]"):
        read(block("TILE = 8\nimport os\n" + BODY))


def test_hostile_answers_are_read_in_linear_time():
    started = time.process_time()
    for answer in ("`" * LONGEST_ANSWER, "~~~\n```\n" * 40_000, "<think>" * 50_000, "def f(\n" * 50_000, "# options:" + " " * 300_000):
        with pytest.raises(AnswerError):
            read(answer)
    assert time.process_time() - started < 20
