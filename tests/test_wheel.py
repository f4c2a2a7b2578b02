"""The wheel holds everything that the checkout does, and works where nothing else of Kernwright is on the path."""
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from whole_runs import SHORT

ROOT = Path(__file__).parents[1]
FOLDERS = {"kernels": "kernels", "workers": "workers", "search": "search", "configs": "configs", "src/kernwright": ""}


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory):
    """The wheel of a copy of the checkout, unpacked. (A build beside the sources would leave files there.)"""
    folder = tmp_path_factory.mktemp("wheel")
    ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
    for name in FOLDERS:
        shutil.copytree(ROOT / name, folder / "copy" / name, ignore=ignored)
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE", "constraints.txt"):
        shutil.copy(ROOT / name, folder / "copy" / name)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(folder / "copy")]
    built = subprocess.run(command, capture_output=True, text=True, timeout=200)
    assert built.returncode == 0, built.stderr[-2000:]
    (wheel,) = folder.glob("kernwright-*.whl")
    zipfile.ZipFile(wheel).extractall(folder / "site")
    return folder / "site"


def test_it_holds_every_module_and_every_data_file(unpacked):
    suffixes = {".py", ".toml", ".html", ".css", ".js", ".json", ".typed", ".yaml"}
    expected = {Path(target) / path.relative_to(ROOT / source) for source, target in FOLDERS.items()
                for path in (ROOT / source).rglob("*") if path.suffix in suffixes}
    held = {path.relative_to(unpacked / "kernwright") for path in (unpacked / "kernwright").rglob("*") if path.is_file()}
    assert not {str(path) for path in expected - held}


def run(unpacked, folder, *arguments):
    program = ("import sys; sys.path.insert(0, sys.argv.pop(1)); import kernwright; from kernwright.search.cli import main; "
               "assert kernwright.__path__[0].startswith(sys.path[0]), kernwright.__path__; main()")
    return subprocess.run([sys.executable, "-c", program, str(unpacked), *arguments], cwd=folder, capture_output=True, text=True,
                          env={**os.environ, "PYTHONPATH": str(unpacked)}, timeout=250)


def test_its_commands_work_with_nothing_else_on_the_path(unpacked, tmp_path):
    listed = run(unpacked, tmp_path, "kernels", "--json")
    assert listed.returncode == 0 and len(json.loads(listed.stdout)) >= 8, listed.stderr[-1000:]


@pytest.mark.slow
def test_it_runs_a_whole_campaign(unpacked, tmp_path):
    (tmp_path / "short.toml").write_text(SHORT)
    done = run(unpacked, tmp_path, "run", "softmax", "--config", "short.toml", "--evaluations", "3", "--out", "out")
    assert done.returncode == 0, done.stderr[-2000:]
    assert json.loads((tmp_path / "out/result.json").read_text())["verdict"] == "verified"
