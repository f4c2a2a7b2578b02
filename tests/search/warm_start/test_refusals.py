"""What `--from` cannot use gets one line that names place and reason; nothing of it is executed."""
import sqlite3

import pytest
from kernwright.kernels.signature import Argument, Output, Signature
from kernwright.search.schema import RunError
from kernwright.search.warm_start import Place, gather, read_given

SIGNATURE = Signature((Argument("a", "array", "float64", 1), Argument("n", "int", "int64")), (Output("array", "float64", 1, ("n",)),))
GOOD = "def kernel(a, n, out):\n    for i in range(n):\n        out[i] = a[i]\n"
TOUCH = "open('executed', 'w').close()"

FILES = {
    "a syntax error": ("def kernel(a, n):\n    return a +\n", "line 2: syntax error"),
    "nothing": ("", "no function"),
    "a class": ("class Kernel:\n    pass\n", "no function"),
    "two kernels": (f"{GOOD}\n\ndef f(a, n):\n    return a\n", "both kernel and f may be the kernel"),
    "several functions of other names": ("def g(a, n):\n    return a\n\ndef h(a, n):\n    return a\n", "several functions may be the kernel (g, h)"),
    "two compiled functions": ("import numba\n@numba.njit\ndef g(a, n):\n    return a\n\n@numba.njit\ndef h(a, n):\n    return a\n", "(g, h)"),
    "too few parameters": ("SIZE = 4\n\n\ndef kernel(a):\n    return a\n", "line 4: the kernel takes 1 parameter(s) (a), but must take the 2 of the reference (a, n), or 3"),
    "too many parameters": ("def kernel(a, b, c, d):\n    return a\n", "line 1: the kernel takes 4"),
    "a result where outputs are written": ("def kernel(a, n, out):\n    return a\n", "line 1: kernel returns a value"),
    "a call of the system": ("import os\n\ndef kernel(a, n):\n    os.system('touch executed')\n    return a\n", "line 1: imports are not in the dialect"),
    "an import inside": ("def kernel(a, n):\n    import os\n    return a\n", "line 2"),
    "a call at its top": (f"{TOUCH}\n{GOOD}", "line 1"),
    "a call behind a decorator": (f"def touch(f):\n    {TOUCH}\n\n@touch\ndef kernel(a, n):\n    return a\n", "line 2: `open` is not in the dialect"),
    "a call in a constant": (f"SIZE = {TOUCH}\n{GOOD}", "line 1: a module constant is a number"),
    "a call in a default": (f"def kernel(a, n={TOUCH}):\n    return a\n", "line 1: defaults"),
    "a call in a class": (f"class X:\n    {TOUCH}\n\n{GOOD}", "line 1"),
    "a way out of the sandbox": ("def kernel(a, n):\n    return a.__class__.__base__\n", "line 2"),
    "a docstring before the fault": ('"""About\n\nit."""\nimport numpy as np\n\n\ndef kernel(a, n):\n    """Long\n\n\n    text."""\n    return eval(a)\n', "line 12"),
    "a loop for ever at its top": (f"while True:\n    pass\n{GOOD}", "line 1"),
    "much too much text": ("x" * 1_000_001, "too long"),
    "more text than compiles": (f"{GOOD}" + "    out[0] = out[0] + 1.0\n" * 1700, "characters"),
    "deep nesting": (f"def kernel(a, n):\n    return {'(' * 5000}a{')' * 5000}\n", "nested"),
    "deep nesting of operators": (f"def kernel(a, n):\n    return {'-' * 9000}n\n", "nested"),
    "a deep sum": (f"def kernel(a, n):\n    return {'n+' * 20000}n\n", "nested"),
    "an invisible character": ("def kernel(a, n):\n    return a  # \u202e\n", "line 2: the character U+202E"),
    "many empty lines": ("\n" * 900_000 + "def kernel(a, n):\n    return eval(a)\n", "line 900002"),
}


def take(path):
    return gather(read_given([path], "f"), [], Place(SIGNATURE, False, "here", 2), [], None)


@pytest.mark.parametrize("text, words", FILES.values(), ids=FILES.keys())
def test_a_file_that_cannot_be_used(tmp_path, monkeypatch, text, words):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "champion.py"
    path.write_text(text)
    with pytest.raises(RunError) as refused:
        take(path)
    assert words in str(refused.value) and str(refused.value).startswith(str(path)) and "\n" not in str(refused.value)
    assert not (tmp_path / "executed").exists()


BYTES = {"binary data": (b"\x7fELF\x00\x01\xff\xfe" * 50, "binary"), "text with a zero byte": (GOOD.encode() + b"\0", "null bytes|binary"),
         "Latin-1": (b"# \xe9\n" + GOOD.encode(), "binary")}


@pytest.mark.parametrize("data, words", BYTES.values(), ids=BYTES.keys())
def test_a_file_that_is_no_text(tmp_path, data, words):
    (tmp_path / "champion.py").write_bytes(data)
    with pytest.raises(RunError, match=words):
        take(tmp_path / "champion.py")


def test_a_good_file_passes_the_same_road(tmp_path):
    (tmp_path / "champion.py").write_text(GOOD)
    assert take(tmp_path / "champion.py")[0].convention == "writes"


def test_what_stands_around_a_champions_kernel_is_neither_executed_nor_taken(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = f"import numba, os\n{TOUCH}\n\ndef compiled(f):\n    {TOUCH}\n    return numba.njit(f)\n\n@compiled\n{GOOD}\nf = kernel\nf.kernel = kernel\n{TOUCH}\n"
    (tmp_path / "champion.py").write_text(text)
    found, = take(tmp_path / "champion.py")
    assert "open" not in found.text and not (tmp_path / "executed").exists()


def directories(folder):
    (folder / "empty").mkdir()
    (folder / "foreign").mkdir()
    with sqlite3.connect(folder / "foreign" / "run.db") as connection:
        connection.execute("CREATE TABLE t (x)")
    connection.close()
    (folder / "damaged").mkdir()
    (folder / "damaged" / "run.db").write_bytes(b"SQLite format 3\0" + b"\7" * 5000)


@pytest.mark.parametrize("given, words", [
    ("absent.py", "absent.py does not exist"), ("empty", "empty is no run"), ("foreign", "foreign/run.db"), ("damaged", "damaged/run.db"),
    ("bad.py", "bad.py, line 2: syntax error"), ("/dev/null", "neither a file nor"), ("x" * 5000, "cannot be read"), ("wrong.py", "line 1: the kernel takes 3"),
])
def test_on_the_command_line_it_is_one_line_and_status_2_and_nothing_is_left(kernwright, tmp_path, given, words):
    directories(tmp_path)
    (tmp_path / "bad.py").write_text("def kernel(a):\n    return (\n")
    (tmp_path / "wrong.py").write_text("def kernel(a, b, c):\n    return a\n")
    before = sorted(path.name for path in tmp_path.rglob("*"))
    status, _, err = kernwright("run", "softmax", "--evaluations", "2", "--out", "out", "--from", given)
    assert status == 2 and len(err.strip().splitlines()) == 1 and "Traceback" not in err, err
    assert words in err
    assert sorted(path.name for path in tmp_path.rglob("*")) == before
