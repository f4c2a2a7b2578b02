"""Strategies are data: each that ships is sound, and what is wrong in a file is said in a line."""
import tomllib

import pytest
from kernwright.search.bench.strategies import FULL, distinct, load_settings_of, load_strategies, written
from kernwright.search.schema import RunError
from kernwright.search.settings import RunSettings, SettingsError

SHIPPED = load_strategies()


def test_the_ways_to_compare_are_shipped_the_full_search_first():
    names = [strategy.name for strategy in SHIPPED]
    assert names[0] == FULL and {"rewrites-only", "tuning-only", "random", "best-of-n", "no-crossover", "fixed-weights", "pool"} <= set(names)
    assert sum(strategy.role == "full" for strategy in SHIPPED) == 1


@pytest.mark.parametrize("strategy", SHIPPED, ids=lambda strategy: strategy.name)
def test_a_strategy_is_found_by_name_says_what_it_is_and_is_a_configuration(strategy):
    assert load_strategies([strategy.name]) == [strategy] and strategy.about
    values = tomllib.loads(strategy.config({"confirm_seconds": 5.0, "dashboard": False}))
    assert RunSettings(**values) == RunSettings(**strategy.settings, confirm_seconds=5.0, dashboard=False)
    assert load_settings_of(strategy).operators == RunSettings(**strategy.settings).operators


def test_the_full_search_is_what_a_run_does_where_nothing_is_said():
    assert not SHIPPED[0].settings


def test_a_strategy_that_would_repeat_another_is_left_out(tmp_path):
    (tmp_path / "twin.toml").write_text('role = "ablation"\n[settings]\nbandit = "adaptive"\n')
    kept, same = distinct(load_strategies([FULL, str(tmp_path / "twin.toml")]))
    assert [strategy.name for strategy in kept] == [FULL] and same == {"twin": FULL}


@pytest.mark.parametrize("text, said", [
    ("role = ", "is not TOML"),
    ('role = "judge"', "it must be one of full, rival, ablation"),
    ('roll = "rival"', "unknown key 'roll'"),
    ("[settings]\noperators = [\"rewrit\"]", "did you mean 'rewrite'"),
    ("[settings]\nrounds = 1", "it must be a whole number from 5 to 1000"),
    ("[settings]\nspeed = 1", "speed"),
    ("settings = 3", "settings must be a table"),
])
def test_what_is_wrong_in_a_file_is_said_in_a_line(tmp_path, text, said):
    (tmp_path / "mine.toml").write_text(text)
    with pytest.raises(SettingsError) as error:
        load_strategies([str(tmp_path / "mine.toml")])
    assert said in str(error.value) and "\n" not in str(error.value) and "mine" in str(error.value)


def test_an_unknown_name_names_the_nearest(tmp_path):
    with pytest.raises(SettingsError, match="did you mean 'random'"):
        load_strategies(["randon"])
    with pytest.raises(SettingsError, match="cannot be read"):
        load_strategies([str(tmp_path / "none.toml")])


def test_a_directory_keeps_to_the_strategies_that_it_began_with(tmp_path):
    strategy = load_strategies(["random"])[0]
    path = written(strategy, {"confirm_seconds": 5.0}, tmp_path)
    assert written(strategy, {"confirm_seconds": 5.0}, tmp_path) == path
    with pytest.raises(RunError, match="another strategy"):
        written(strategy, {"confirm_seconds": 6.0}, tmp_path)
