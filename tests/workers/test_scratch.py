"""Scratch directories go with their owners, however these end."""
import subprocess
import sys

import pytest
from kernwright.workers import scratch
from kernwright.workers.scratch import PREFIX, Scratch

HOLD = "import sys, tempfile; tempfile.tempdir = sys.argv[1]\n" \
       "from kernwright.workers.scratch import Scratch\ns = Scratch('held'); print(s.path, flush=True); input()"


@pytest.fixture(autouse=True)
def temporary(tmp_path, monkeypatch):
    monkeypatch.setattr(scratch.tempfile, "tempdir", str(tmp_path))


def left(folder):
    return sorted(path.name for path in folder.iterdir() if path.name.startswith(PREFIX))


def test_closing_removes_it_with_all_that_it_holds(tmp_path):
    made = Scratch("test")
    (made.path / "deep").mkdir()
    (made.path / "deep/file").write_text("x")
    made.close()
    made.close()
    assert not left(tmp_path)


def test_it_outlives_a_sweep_as_long_as_its_owner_lives_and_no_longer(tmp_path):
    owner = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    held = owner.stdout.readline().strip()
    other = Scratch("other")
    assert left(tmp_path) == sorted([held.rpartition("/")[2], other.path.name])
    owner.kill()
    owner.communicate()
    scratch.sweep()
    assert left(tmp_path) == [other.path.name]
    other.close()


def test_what_is_not_locked_yet_or_belongs_to_others_is_left_alone(tmp_path):
    (tmp_path / f"{PREFIX}half-made").mkdir()
    (tmp_path / "somebody's").mkdir()
    scratch.sweep()
    assert left(tmp_path) == [f"{PREFIX}half-made"] and (tmp_path / "somebody's").exists()
