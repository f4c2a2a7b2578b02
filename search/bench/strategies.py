"""Strategies that `bench search` compares: settings of a run, as data, with their part in the comparison."""
from __future__ import annotations

import difflib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, Literal, get_args

from ..files import write_atomically
from ..schema import RunError
from ..settings import SettingsError, load_settings, parse_toml

FOLDER = "strategies"
FULL = "full"
Role = Literal["full", "rival", "ablation"]
_FIRST = {role: place for place, role in enumerate(get_args(Role))}


@dataclass(frozen=True)
class Strategy:
    """One way to search. role: "full" is the search itself; a "rival" is another way; an "ablation" is the search without
    one of its parts. settings: what a run's configuration holds. about: a line for people."""

    name: str
    about: str
    role: Role
    settings: Mapping[str, Any]

    def config(self, further: Mapping[str, Any]) -> str:
        """A run's TOML: these settings, and `further` ones where they say nothing. (Our values are written alike in JSON.)"""
        values = {**further, **self.settings}
        return f"# {self.name}: {self.about}\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in values.items())


def load_strategies(names: Sequence[str] = ()) -> list[Strategy]:
    """The strategies of these names or TOML files, all that ship where there is none: full, rivals, then ablations.

    Raises SettingsError for an unknown name, a file that is none, and two of one name.
    """
    shipped = {path.name.removesuffix(".toml"): path for path in (resources.files("kernwright.configs") / FOLDER).iterdir()
               if path.name.endswith(".toml")}
    found: dict[str, Strategy] = {}
    for name in names or shipped:
        if name in shipped:
            strategy = _read(name, f"strategy {name}", shipped[name].read_text(encoding="utf-8"))
        elif name.endswith(".toml"):
            strategy = _read(Path(name).stem, name, _text(Path(name)))
        else:
            near = difflib.get_close_matches(name, shipped, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"choose from {', '.join(sorted(shipped))}"
            raise SettingsError(f"no strategy is called {name!r}; {hint}")
        if strategy.name in found:
            raise SettingsError(f"two strategies are called {strategy.name}")
        found[strategy.name] = strategy
    return sorted(found.values(), key=lambda strategy: (_FIRST[strategy.role], strategy.name))


def distinct(strategies: Sequence[Strategy]) -> tuple[list[Strategy], dict[str, str]]:
    """Those whose settings come to different runs, and for the others, which one each equals: an ablation of what is not
    on by default would only repeat the full search."""
    seen: dict[str, str] = {}
    kept, same = [], {}
    for strategy in strategies:
        settings = load_settings_of(strategy).model_dump(mode="json")
        known = seen.setdefault(json.dumps({**settings, "operators": sorted(settings["operators"])}, sort_keys=True), strategy.name)
        if known == strategy.name:
            kept.append(strategy)
        else:
            same[strategy.name] = known
    return kept, same


def load_settings_of(strategy: Strategy) -> Any:
    """The RunSettings that a run of it would have. Raises SettingsError, which names the strategy."""
    try:
        return load_settings(None, {**strategy.settings, "evaluations": 1})
    except (SettingsError, TypeError) as error:
        raise SettingsError(f"strategy {strategy.name}: {error}") from None


def written(strategy: Strategy, further: Mapping[str, Any], directory: Path) -> str:
    """The path of the strategy's TOML file in `directory`. Raises RunError where another of that name was used there."""
    path, text = directory / f"{strategy.name}.toml", strategy.config(further)
    try:
        directory.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            write_atomically(path, text)
        if path.read_text(encoding="utf-8") != text:
            raise RunError(f"{path} is another strategy than {strategy.name} is now; name another --out")
    except OSError as error:
        raise RunError(f"{path} cannot be written: {error.strerror}") from None
    return str(path)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} cannot be read: {getattr(error, 'strerror', None) or 'it is not UTF-8 text'}") from None


def _read(name: str, where: str, text: str) -> Strategy:
    data = parse_toml(where, text)
    settings, role, about = data.get("settings", {}), data.get("role", "rival"), data.get("about", "")
    unknown = set(data) - {"settings", "role", "about"}
    if unknown:
        raise SettingsError(f"{where}: unknown key {sorted(unknown)[0]!r}; known are about, role, settings")
    if role not in get_args(Role):
        raise SettingsError(f"{where}: role is {role!r}; it must be one of {', '.join(get_args(Role))}")
    if not isinstance(settings, dict) or not isinstance(about, str):
        raise SettingsError(f"{where}: settings must be a table, and about a text")
    strategy = Strategy(name, about, role, settings)
    load_settings_of(strategy)
    return strategy
