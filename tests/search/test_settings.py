"""Settings: presets and files are read, limits are clear, and each mistake gets one line that helps."""
from __future__ import annotations

import json
from pathlib import Path

import pytest
from kernwright.search.settings import RunSettings, SettingsError, load_settings, presets
from kernwright.workers.machine import machine_type


def refusal(config, overrides=None) -> str:
    with pytest.raises(SettingsError) as caught:
        load_settings(config, overrides or {})
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.fixture
def toml(tmp_path):
    def write(text: str) -> str:
        path = tmp_path / "my.toml"
        path.write_text(text)
        return str(path)

    return write


def test_the_presets_that_the_command_line_names_are_shipped_and_sound():
    assert presets() == ("cluster", "default", "overnight", "quick")
    for name in presets():
        assert load_settings(name, {}).minutes
    assert load_settings("quick", {}).minutes == 3
    assert load_settings("cluster", {}).address == "auto"


def test_without_a_config_the_default_preset_holds():
    assert load_settings(None, {}) == load_settings("default", {})


def test_a_limit_of_the_command_line_replaces_all_of_the_files():
    assert (load_settings("quick", {"evaluations": 5}).evaluations, load_settings("quick", {"evaluations": 5}).minutes) == (5, None)
    both = load_settings("quick", {"evaluations": 5, "minutes": 1.5})
    assert (both.evaluations, both.minutes) == (5, 1.5)


def test_a_file_without_a_limit_takes_that_of_the_default_preset(toml):
    settings = load_settings(toml("seed = 4\nrounds = 30\nllm = ['a', 'b']\nout = 'here'\n"), {"seed": 7})
    assert settings.minutes == load_settings(None, {}).minutes
    assert (settings.seed, settings.rounds, settings.llm, settings.out) == (7, 30, ("a", "b"), Path("here"))


def test_a_file_may_set_both_limits(toml):
    settings = load_settings(toml("evaluations = 9\nminutes = 2\n"), {})
    assert (settings.evaluations, settings.minutes) == (9, 2.0)


def test_settings_survive_the_journals_json():
    settings = load_settings("overnight", {"llm": ("a",), "out": Path("x/y"), "threads": 1})
    assert RunSettings(**json.loads(json.dumps(settings.model_dump(mode="json")))) == settings


def test_an_unknown_key_names_the_nearest_and_the_file(toml):
    path = toml("evalutions = 3\n")
    message = refusal(path)
    assert path in message and "'evalutions'" in message and "'evaluations'" in message
    assert "known are" in refusal(toml("zzz = 3\n"))


@pytest.mark.parametrize("line", [
    "evaluations = 0", "evaluations = -3", "evaluations = 2.5", "evaluations = true", 'evaluations = "9"', "minutes = 0",
    "minutes = nan", "minutes = inf", 'minutes = "3"', "minutes = true", "seed = -1", "threads = 0", "rounds = 1",
    "llm = 'a'", "llm = [1]", "dashboard = 1", "address = 3", "out = 3", "memory_gib = -1", "[minutes]",
])
def test_a_wrong_value_names_key_and_value_and_what_is_allowed(toml, line):
    path = toml(line)
    message = refusal(path)
    key = line.strip("[]").split(" ")[0]
    assert f"{path}: {key} is " in message and "; it must be " in message


def test_a_population_goes_by_its_name_and_a_typo_names_the_nearest(toml):
    assert load_settings(toml("population = 'archive'\n"), {}).population == "archive"
    assert "population: there is no 'island'; did you mean 'islands'?" in refusal(toml("population = 'island'\n"))
    assert "it must be the name of a population" in refusal(toml("population = 3\n"))


def test_operators_and_the_bandit_go_by_their_names_and_a_typo_names_the_nearest(toml):
    assert load_settings(None, {}).operators[:2] == ("rewrite", "tune") and load_settings(None, {}).bandit == "adaptive"
    settings = load_settings(toml("operators = ['tune']\nbandit = 'uniform'\n"), {})
    assert (settings.operators, settings.bandit) == (("tune",), "uniform")
    assert "operators: there is no 'rewrit'; did you mean 'rewrite'?" in refusal(toml("operators = ['tune', 'rewrit']\n"))
    assert "bandit: there is no 'unifrom'; did you mean 'uniform'?" in refusal(toml("bandit = 'unifrom'\n"))
    assert "it must be a list of operators, of rewrite, tune" in refusal(toml("operators = 'tune'\n"))


def test_a_wrong_option_is_named_as_the_option():
    assert refusal(None, {"minutes": -1.0}) == "--minutes is -1.0; it must be a number greater than 0"
    assert "did you mean 'minutes'" in refusal(None, {"minuts": 1.0})


def test_more_threads_than_cores_are_refused_but_where_a_cluster_is_named(monkeypatch):
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    cores = len(machine_type().cores)
    assert load_settings(None, {"threads": cores}).threads == cores
    assert f"only {cores} logical core(s)" in refusal(None, {"threads": cores + 1})
    assert load_settings("cluster", {"threads": cores + 1}).threads == cores + 1


def test_a_preset_or_file_that_does_not_exist_names_the_nearest(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "did you mean 'quick'" in refusal("quik")
    assert "presets are cluster, default" in refusal("zzz.toml") and "does not exist" in refusal("zzz.toml")
    assert "did you mean 'overnight'" in refusal("overnite.toml")
    assert "cannot be read" in refusal(f"{tmp_path}/")
    assert "no path" in refusal("a/\0b")


def test_text_that_is_no_toml_names_the_line(toml, tmp_path):
    assert "line 2" in refusal(toml("seed = 1\nminutes = \n"))
    (tmp_path / "latin.toml").write_bytes(b"out = '\xe9'\n")
    assert "not UTF-8" in refusal(str(tmp_path / "latin.toml"))


def test_a_file_in_the_working_directory_needs_no_ending(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("mine").write_text("seed = 5\n")
    assert load_settings("mine", {}).seed == 5
