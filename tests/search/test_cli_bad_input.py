"""Bad input gets one clear line and exit status 2, before anything is started, and leaves nothing behind."""
import subprocess
import sys

import pytest

HEAD = "import numpy as np\nimport kernwright\n"
SIZES = '{"tiny": {"n": 3}, "verify": {"n": 13}, "benchmark": {"n": 50}}'
MAKE = "def make(size, rng):\n    return (rng.standard_normal(size['n']),)\n"


def declared(body, make=MAKE, sizes=SIZES, decorator=None, parameters="a"):
    decorator = f"@kernwright.kernel(inputs=make, sizes={sizes})\n" if decorator is None else decorator
    return f"{HEAD}{make}{decorator}def f({parameters}):\n{body}\n"


FILES = {
    "a syntax error": (declared("    return a +"), "line 7"),
    "no decorator": (declared("    return a", decorator=""), "decorator"),
    "no such function": (declared("    return a").replace("def f(", "def g("), "it defines make, g"),
    "a generator that raises": (declared("    return a", make="def make(size, rng):\n    raise KeyError('k')\n"), "generator raised KeyError"),
    "a generator with the wrong arity": (declared("    return a", parameters="a, b"), "1 argument"),
    "a generator that returns nothing": (declared("    return a", make="def make(size, rng):\n    pass\n"), "returns nothing"),
    "not deterministic": (declared("    return a + np.random.rand()"), "determinis"),
    "not deterministic by its own generator": (declared("    return a + np.random.default_rng().random(a.shape)"), "determinis"),
    "arguments that are no numbers": (declared("    return a", make="def make(size, rng):\n    return ('text',)\n"), "numeric"),
    "an array of objects": (declared("    return a", make="def make(size, rng):\n    return (np.array([None, 1]),)\n"), "numeric"),
    "too large for memory": (declared("    return a", sizes=SIZES.replace("50", "10**13")), "memory"),
    "a reference that raises": (declared("    return a[10**9]"), "IndexError"),
    "a reference that returns nothing": (declared("    b = a + 1"), "returns nothing"),
    "a reference that returns text": (declared("    return 'text'"), "returns"),
    "no benchmark size": (declared("    return a", sizes='{"tiny": {"n": 3}, "verify": {"n": 13}}'), "benchmark"),
    "a size that is no integer": (declared("    return a", sizes=SIZES.replace("50", "'x'")), "benchmark"),
    "a tolerance of no kind": (declared("    return a", decorator=f"@kernwright.kernel(inputs=make, sizes={SIZES}, tolerance='loose')\n"), "tolerance"),
    "a file that raises": (declared("    return a") + "1 / 0\n", "ZeroDivisionError"),
    "keyword-only parameters": (declared("    return a", parameters="*, a"), "keyword-only"),
}


def assert_one_line(done, words):
    status, _, stderr = done
    assert status == 2, stderr
    lines = stderr.strip().splitlines()
    assert len(lines) == 1 and "Traceback" not in stderr, stderr
    assert words.lower() in stderr.lower(), stderr


def test_the_console_script_says_one_line_and_exits_with_2(tmp_path):
    done = subprocess.run([sys.executable, "-m", "kernwright", "run", "sofmax"], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert_one_line((done.returncode, done.stdout, done.stderr), "did you mean softmax")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("text, words", FILES.values(), ids=FILES.keys())
def test_a_kernel_that_cannot_be_used(kernwright, tmp_path, text, words):
    (tmp_path / "mine.py").write_text(text)
    assert_one_line(kernwright("run", "mine.py:f", "--minutes", "1", "--out", "out"), words)
    assert not (tmp_path / "out").exists()


ARGUMENTS = {
    "a file that does not exist": (["run", "absent.py:f"], "does not exist"),
    "a file and no function": (["run", "config.toml"], "no built-in"),
    "an unknown kernel": (["run", "sofmax"], "did you mean softmax"),
    "an unknown option": (["run", "softmax", "--minuts", "1"], "no such option"),
    "minutes that are no number": (["run", "softmax", "--minutes", "soon"], "--minutes"),
    "negative evaluations": (["run", "softmax", "--evaluations", "-3"], "evaluations"),
    "no threads": (["run", "softmax", "--threads", "0"], "threads"),
    "too many threads": (["run", "softmax", "--threads", "100000"], "threads"),
    "a negative seed": (["run", "softmax", "--seed", "-1"], "seed"),
    "a key with a typo": (["run", "softmax", "--config", "config.toml"], "evaluations"),
    "a config that does not exist": (["run", "softmax", "--config", "absent.toml"], "absent.toml"),
    "an unknown preset": (["run", "softmax", "--config", "quik"], "quick"),
    "an unknown profile": (["run", "softmax", "--llm", "kimi"], "kimi-k2.6"),
    "a profile without its key": (["run", "softmax", "--llm", "kimi-k2.6"], "not set"),
    "a directory that is not empty": (["run", "softmax", "--minutes", "1", "--out", "full"], "not empty"),
    "a directory that is no run": (["resume", "full"], "no run"),
    "the status of no run": (["status", "full"], "no run"),
    "the report of nothing": (["report", "absent"], "absent"),
    "a command that does not exist": (["rnu", "softmax"], "no such command"),
    "no kernel": (["run"], "KERNEL"),
    "a directory whose name is too long": (["run", "softmax", "--out", "o" * 300], "too long"),
    "a config whose name is too long": (["run", "softmax", "--config", "c" * 300], "c" * 100),
    "a kernel's file whose name is too long": (["run", f"{'k' * 300}.py:f"], "too long"),
    "the status of a name that is too long": (["status", "s" * 300], "too long"),
    "a run to go on with whose name is too long": (["resume", "r" * 300], "too long"),
    "a champion whose name is too long": (["verify", "v" * 300], "too long"),
    "a file as the directory above the run's": (["run", "softmax", "--minutes", "1", "--out", "full/note.txt/run"], "directory"),
    "a suite whose name is too long": (["bench", "npbench", "n" * 300], "too long"),
}


@pytest.mark.parametrize("arguments, words", ARGUMENTS.values(), ids=ARGUMENTS.keys())
def test_a_command_line_that_cannot_be_used(kernwright, tmp_path, arguments, words, monkeypatch):
    monkeypatch.delenv("MOONSHOT_API_KEY", raising=False)
    (tmp_path / "config.toml").write_text("evalutions = 3\n")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "note.txt").write_text("mine")
    assert_one_line(kernwright(*arguments), words)
    assert (tmp_path / "full" / "note.txt").read_text() == "mine"
