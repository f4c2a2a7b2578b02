"""`kernwright run` as its user runs it: a whole campaign, killed and resumed, interrupted, and what it leaves."""
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from kernwright.search.journal import Journal, journal_url

KERNEL = '''
import numpy as np
import kernwright

def make_inputs(size, rng):
    return rng.standard_normal((size["n"], size["m"])), rng.standard_normal(size["m"])

@kernwright.kernel(inputs=make_inputs,
                   sizes={"tiny": {"n": 3, "m": 4}, "verify": {"n": 23, "m": 17}, "benchmark": {"n": 400, "m": 300}})
def scores(a, weights):
    centred = a - a.mean(axis=1, keepdims=True)
    return np.sqrt((centred * centred * weights * weights).sum(axis=1))
'''


def kernwright(*arguments, folder, **more):
    return subprocess.Popen([sys.executable, "-m", "kernwright", *arguments], cwd=folder, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True, start_new_session=True, **more)


def finish(process, seconds=240):
    out, err = process.communicate(timeout=seconds)
    return process.returncode, out, err


def ours(folder):
    """Processes that a run in `folder` started: the run itself, Ray's, warm processes and their children."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                where = os.readlink(entry / "cwd")
            except OSError:
                continue
            if where.startswith(str(folder)) and command:
                found.append((int(entry.name), command[:120]))
    return found


def left_behind(folder, seconds=30):
    """Processes of a run in `folder` that are still there after `seconds`."""
    end = time.monotonic() + seconds
    while (left := ours(folder)) and time.monotonic() < end:
        time.sleep(0.2)
    return left


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    (folder / "mine.py").write_text(KERNEL)
    done = finish(kernwright("run", "mine.py:scores", "--evaluations", "10", "--minutes", "3", "--out", "out", "--seed", "3", folder=folder))
    return folder, done


def test_a_run_ends_with_a_verified_champion_and_all_its_files(finished):
    folder, (status, out, err) = finished
    assert status == 0, err[-2000:] + out[-2000:]
    result = json.loads((folder / "out/result.json").read_text())
    assert result["verdict"] == "verified" and result["evaluations"] == 10 and result["kernel"] == "scores"
    assert result["speedup_low"] <= result["speedup"] <= result["speedup_high"]
    assert {"champion.py", "report.html", "result.json", "run.db"} <= {path.name for path in (folder / "out").iterdir()}
    assert "report.html" in out and "champion.py" in out
    assert not left_behind(folder)


def test_its_champion_computes_what_the_reference_does(finished, tmp_path):
    folder, _ = finished
    script = "import numpy as np, champion\nrng = np.random.default_rng(1)\na, w = rng.standard_normal((50, 40)), rng.standard_normal(40)\n" \
             "c = a - a.mean(axis=1, keepdims=True)\nnp.testing.assert_allclose(champion.scores(a, w), np.sqrt((c * c * w * w).sum(axis=1)), rtol=1e-12)\n" \
             "assert champion.scores(a.astype(np.float32), w).dtype == np.float64\n"
    done = subprocess.run([sys.executable, "-c", script], cwd=folder / "out", capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


def test_status_and_report_read_a_finished_run(finished):
    folder, _ = finished
    status, out, err = finish(kernwright("status", "out", "--json", folder=folder))
    assert status == 0 and json.loads(out)["status"] == "finished", err
    (folder / "out/report.html").unlink()
    status, out, err = finish(kernwright("report", "out", folder=folder))
    assert status == 0 and (folder / "out/report.html").exists(), err


def test_resuming_a_finished_run_repeats_nothing(finished):
    folder, _ = finished
    before = evaluations(folder / "out")
    status, _, err = finish(kernwright("resume", "out", folder=folder))
    assert status == 0, err
    assert evaluations(folder / "out") == before


def evaluations(directory):
    with Journal.open(journal_url(directory), write=False) as journal:
        return [(row.ordinal, row.candidate.identity, row.purpose, str(row.evaluation.verdict)) for row in journal.evaluations()]


def test_ctrl_c_keeps_what_was_found_and_exits_with_130(tmp_path):
    (tmp_path / "mine.py").write_text(KERNEL)
    process = kernwright("run", "mine.py:scores", "--minutes", "10", "--out", "out", folder=tmp_path)
    wait_for(tmp_path / "out", 3)
    process.send_signal(signal.SIGINT)
    status, out, err = finish(process, 90)
    assert status == 130, err
    assert len(evaluations(tmp_path / "out")) >= 3 and (tmp_path / "out/report.html").exists()
    assert not left_behind(tmp_path)


def wait_for(directory, count, seconds=120):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if len(evaluations(directory)) >= count:
                return
        except Exception:  # noqa: BLE001 - the run has not written its journal yet
            pass
        time.sleep(0.2)
    raise AssertionError("the run did not get that far")


@pytest.mark.parametrize("kills", [1, pytest.param(10, marks=[pytest.mark.slow, pytest.mark.timeout(1500)])])
def test_a_driver_killed_at_random_moments_resumes_and_repeats_nothing(tmp_path, kills):
    (tmp_path / "mine.py").write_text(KERNEL)
    rng, finished = random.Random(kills), []
    process = kernwright("run", "mine.py:scores", "--evaluations", str(8 * kills), "--minutes", str(2 + 3 * kills), "--out", "out", folder=tmp_path)
    wait_for(tmp_path / "out", 1)
    for _ in range(kills):
        time.sleep(rng.uniform(0.0, 8.0))
        process.kill()
        process.communicate()
        assert not left_behind(tmp_path)
        now = evaluations(tmp_path / "out")
        assert now[: len(finished)] == finished, "a finished evaluation was lost or changed"
        assert len({row[1:3] for row in now}) == len(now), "an evaluation was repeated"
        finished = now
        process = kernwright("resume", "out", folder=tmp_path)
        time.sleep(4)
    status, out, err = finish(process, 600)
    assert status == 0, err[-2000:]
    now = evaluations(tmp_path / "out")
    assert now[: len(finished)] == finished and len({row[1:3] for row in now}) == len(now)
    assert json.loads((tmp_path / "out/result.json").read_text())["evaluations"] == 8 * kills


def test_a_reference_with_nothing_to_begin_with_exits_with_3(tmp_path):
    text = KERNEL.replace("    centred", "    a = np.linalg.eigh(a.T @ a)[1][: a.shape[0]]\n    centred")
    (tmp_path / "mine.py").write_text(text.replace("np.linalg.eigh(a.T @ a)[1]", "np.array(sorted(map(tuple, a.tolist())))"))
    status, out, err = finish(kernwright("run", "mine.py:scores", "--evaluations", "4", "--minutes", "1", "--out", "out", folder=tmp_path))
    assert status == 3, err[-1500:] + out[-1500:]
    assert (tmp_path / "out/report.html").exists()

