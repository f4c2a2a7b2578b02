"""`kernwright run` as its user runs it: a whole campaign, interrupted, and what it leaves."""
import json
import shutil
import signal
import subprocess
import sys

import pytest
import whole_runs as runs


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    runs.prepare(folder)
    done = runs.finish(runs.kernwright("run", "mine.py:scores", "--config", "short.toml", "--evaluations", "8", "--out", "out", "--seed", "3", folder=folder))
    return folder, done


def test_a_run_ends_with_a_verified_champion_and_all_its_files(finished):
    folder, (status, out, err) = finished
    assert status == 0, err[-2000:] + out[-2000:]
    result = json.loads((folder / "out/result.json").read_text())
    assert result["verdict"] == "verified" and result["evaluations"] == 8 and result["kernel"] == "scores"
    assert result["speedup_low"] <= result["speedup"] <= result["speedup_high"]
    assert {"champion.py", "certificate.json", "report.html", "result.json", "run.db"} <= {path.name for path in (folder / "out").iterdir()}
    assert "report.html" in out and "champion.py" in out
    assert not runs.left_behind(folder)


def test_its_champion_computes_what_the_reference_does(finished, tmp_path):
    folder, _ = finished
    script = "import numpy as np, champion\nrng = np.random.default_rng(1)\na, w = rng.standard_normal((50, 40)), rng.standard_normal(40)\n" \
             "c = a - a.mean(axis=1, keepdims=True)\nnp.testing.assert_allclose(champion.scores(a, w), np.sqrt((c * c * w * w).sum(axis=1)), rtol=1e-12)\n" \
             "assert champion.scores(a.astype(np.float32), w).dtype == np.float64\n"
    done = subprocess.run([sys.executable, "-c", script], cwd=folder / "out", capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_its_certificate_is_confirmed_where_nothing_else_of_the_run_is(finished, tmp_path):
    folder, _ = finished
    for name in ("champion.py", "certificate.json"):
        shutil.copy(folder / "out" / name, tmp_path)
    status, out, err = runs.finish(runs.kernwright("verify", "champion.py", "--no-timing", folder=tmp_path))
    assert status == 0, out + err
    assert not runs.left_behind(tmp_path)


def test_status_and_report_read_a_finished_run(finished):
    folder, _ = finished
    status, out, err = runs.finish(runs.kernwright("status", "out", "--json", folder=folder))
    assert status == 0 and json.loads(out)["status"] == "finished", err
    (folder / "out/report.html").unlink()
    status, out, err = runs.finish(runs.kernwright("report", "out", folder=folder))
    assert status == 0 and (folder / "out/report.html").exists(), err


def test_resuming_a_finished_run_repeats_nothing(finished):
    folder, _ = finished
    before = runs.evaluations(folder / "out")
    status, _, err = runs.finish(runs.kernwright("resume", "out", folder=folder))
    assert status == 0, err
    assert runs.evaluations(folder / "out") == before


@pytest.mark.slow
def test_ctrl_c_keeps_what_was_found_and_exits_with_130(tmp_path):
    runs.prepare(tmp_path)
    process = runs.kernwright("run", "mine.py:scores", "--config", "short.toml", "--minutes", "10", "--out", "out", folder=tmp_path)
    runs.wait_for(tmp_path / "out", 3)
    process.send_signal(signal.SIGINT)
    status, out, err = runs.finish(process, 90)
    assert status == 130, err
    assert len(runs.evaluations(tmp_path / "out")) >= 3 and (tmp_path / "out/report.html").exists()
    assert not runs.left_behind(tmp_path)


def test_a_reference_with_nothing_to_begin_with_is_handed_over_as_it_is(tmp_path):
    text = runs.KERNEL.replace("    centred", "    a = np.linalg.eigh(a.T @ a)[1][: a.shape[0]]\n    centred")
    runs.prepare(tmp_path, text.replace("np.linalg.eigh(a.T @ a)[1]", "np.array(sorted(map(tuple, a.tolist())))"))
    status, out, err = runs.finish(runs.kernwright("run", "mine.py:scores", "--config", "short.toml", "--evaluations", "4", "--out", "out", folder=tmp_path))
    assert status == 0 and "Keep your code" in out, err[-1500:] + out[-1500:]
    assert (tmp_path / "out/report.html").exists() and not (tmp_path / "out/certificate.json").exists()
    result = json.loads((tmp_path / "out/result.json").read_text())
    assert (result["verdict"], result["champion"], result["speedup"]) == ("verified", "reference", 1.0)
    script = "import sys, numpy as np, champion\nsys.path.append('..')\nimport mine\n" \
             "a, w = np.ones((4, 3)), np.ones(3)\nassert np.array_equal(champion.scores(a, w), mine.scores(a, w))\n" \
             "assert champion.scores.reference is champion.scores and 'kernwright' not in open('champion.py').read().split('import')[1]\n"
    used = subprocess.run([sys.executable, "-c", script], cwd=tmp_path / "out", capture_output=True, text=True, timeout=60)
    assert used.returncode == 0, used.stderr

