"""A driver that is killed at any moment loses nothing that was finished, and nothing of it is left running."""
import json
import random
import time

import pytest
import whole_runs as runs


@pytest.mark.parametrize("kills", [1, pytest.param(10, marks=[pytest.mark.slow, pytest.mark.timeout(1500)])])
def test_a_driver_killed_at_random_moments_resumes_and_repeats_nothing(tmp_path, kills):
    runs.prepare(tmp_path)
    rng, finished = random.Random(kills), []
    process = runs.kernwright("run", "mine.py:scores", "--config", "short.toml", "--evaluations", str(4 * kills), "--out", "out", folder=tmp_path)
    runs.wait_for(tmp_path / "out", 1)
    for _ in range(kills):
        time.sleep(rng.uniform(0.0, 4.0))
        process.kill()
        process.communicate()
        assert not runs.left_behind(tmp_path)
        now = runs.evaluations(tmp_path / "out")
        assert now[: len(finished)] == finished, "a finished evaluation was lost or changed"
        assert len({row[1:3] for row in now}) == len(now), "an evaluation was repeated"
        finished = now
        process = runs.kernwright("resume", "out", folder=tmp_path)
        time.sleep(2)
    status, out, err = runs.finish(process, 600)
    assert status == 0, err[-2000:]
    now = runs.evaluations(tmp_path / "out")
    assert now[: len(finished)] == finished and len({row[1:3] for row in now}) == len(now)
    assert json.loads((tmp_path / "out/result.json").read_text())["evaluations"] == 4 * kills


@pytest.mark.slow
def test_a_bench_that_is_told_to_end_takes_its_run_along(tmp_path):
    runs.prepare(tmp_path)
    process = runs.kernwright("bench", "library", "mine.py:scores", "--evaluations", "200", "--out", "out", folder=tmp_path)
    runs.wait_for(tmp_path / "out/scores", 1)
    process.terminate()
    status, _, err = runs.finish(process, 60)
    assert status == 130, err[-2000:]
    assert not runs.left_behind(tmp_path)
    assert runs.evaluations(tmp_path / "out/scores")
