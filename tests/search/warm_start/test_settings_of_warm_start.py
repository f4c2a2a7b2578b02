"""What the command line and a configuration say of warm starts reaches the run."""
import sys
from pathlib import Path

import pytest
from kernwright.search import launch
from kernwright.search.cli import main
from kernwright.search.settings import RunSettings, SettingsError, load_settings


@pytest.mark.parametrize("arguments, on, given", [
    ([], True, []), (["--no-warm-start"], False, []), (["--warm-start"], True, []), (["--config", "off.toml"], False, []),
    (["--config", "off.toml", "--warm-start"], True, []), (["--from", "a.py", "--from", "runs/b"], True, ["a.py", "runs/b"]),
    (["--no-warm-start", "--from", "a.py"], False, ["a.py"]),
])
def test_the_command_lines_word_stands_above_the_files(tmp_path, monkeypatch, arguments, on, given):
    monkeypatch.chdir(tmp_path)
    Path("off.toml").write_text("warm_start = false\n")
    seen = []
    monkeypatch.setattr(launch, "start", lambda spec, settings, named: seen.append((settings.warm_start, list(named))) or 0)
    monkeypatch.setattr(sys, "argv", ["kernwright", "run", "softmax", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0 and seen == [(on, [Path(name) for name in given])]


def test_the_setting_is_true_or_false(tmp_path):
    (tmp_path / "bad.toml").write_text("warm_start = 'no'\n")
    with pytest.raises(SettingsError, match="true or false"):
        load_settings(str(tmp_path / "bad.toml"), {})


def test_runs_of_an_older_version_still_have_settings():
    assert RunSettings(evaluations=3).warm_start
