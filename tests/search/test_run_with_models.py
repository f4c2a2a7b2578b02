"""`kernwright run --llm`: whole runs beside a scripted model behind a real socket."""
import json
import os
import subprocess
import sys

import pytest
import scripted_model
from kernwright.search.journal import Journal, journal_url
from kernwright.search.llm.call import CallStatus

KEY = "sk-scripted-0123456789abcdef"
KERNEL = '''
import numpy as np
import kernwright

def make_inputs(size, rng):
    return (rng.standard_normal((size["n"], size["m"])),)

@kernwright.kernel(inputs=make_inputs,
                   sizes={"tiny": {"n": 3, "m": 4}, "verify": {"n": 23, "m": 17}, "benchmark": {"n": 400, "m": 300}})
def energies(a):
    out = np.zeros(a.shape[0])
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            out[i] += a[i, j] * a[i, j]
    return out
'''


def run(folder, server, *more):
    (folder / "mine.py").write_text(KERNEL)
    (folder / "scripted.toml").write_text(f'base_url = "{server.base_url}"\nmodel = "scripted"\nkey_env = "SCRIPTED_KEY"\n')
    (folder / "config.toml").write_text("llm_calls = 6\nrounds = 7\nconfirm_seconds = 6.0\ndashboard = false\n")
    return subprocess.run(
        [sys.executable, "-m", "kernwright", "run", "mine.py:energies", "--config", "config.toml", "--llm", "./scripted.toml",
         "--evaluations", "8", "--out", "out", *more],
        cwd=folder, env={**os.environ, "SCRIPTED_KEY": KEY}, capture_output=True, text=True, timeout=280)


def calls(folder):
    with Journal.open(journal_url(folder / "out"), write=False) as journal:
        return journal.calls(), journal.evaluations("search")


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["competent", "clumsy"])
def test_a_models_kernels_are_judged_like_all_others_and_its_key_is_shown_nowhere(tmp_path, mode):
    with scripted_model.ScriptedModel(mode, key=KEY, script=["echo key"]) as server:
        done = run(tmp_path, server)
    assert done.returncode == 0, done.stderr[-2000:] + done.stdout[-2000:]
    made, rows = calls(tmp_path)
    assert 0 < len(made) <= 6 and len(server.requests) == len(made)
    assert any(call.status is CallStatus.OK for call in made)
    assert any(row.candidate.lineage.operator.startswith("llm:") for row in rows)
    result = json.loads((tmp_path / "out/result.json").read_text())
    assert KEY not in done.stdout + done.stderr
    for path in (tmp_path / "out").iterdir():
        assert KEY.encode() not in path.read_bytes(), path
    assert result["evaluations"] == 8 and result["llm_tokens"] > 0 and result["verdict"] == "verified"


@pytest.mark.slow
def test_a_dying_model_costs_one_warning_and_the_run_goes_on(tmp_path):
    with scripted_model.ScriptedModel("dying", key=KEY, hang_seconds=3.0) as server:
        done = run(tmp_path, server)
    assert done.returncode == 0, done.stderr[-2000:] + done.stdout[-2000:]
    made, _ = calls(tmp_path)
    assert len(made) <= 6
