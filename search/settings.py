"""RunSettings: everything that a run can be told, from a preset or a TOML file and the command line."""
from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Iterable, Mapping
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictFloat, StrictInt, StrictStr, ValidationError

from .bandit import POLICIES
from .operators.chosen import KNOWN, OPERATORS
from .population.policies import DEFAULT_POPULATION, POPULATIONS

PRESET_FOLDER, DEFAULT_PRESET = "run", "default"
LIMITS = ("evaluations", "minutes")
_COUNT = "a whole number, 1 or more"
_SECONDS = "a number of seconds greater than 0, at most 86400"

Count = Annotated[StrictInt, Field(ge=1, le=2**62, description=_COUNT)]
Seconds = Annotated[StrictFloat, Field(gt=0, le=86_400, description=_SECONDS)]


class SettingsError(ValueError):
    """A setting cannot be used; the message says in one line which, and what is allowed."""


class RunSettings(BaseModel):
    """What a run was told.

    evaluations, minutes: the run ends at whichever comes first (None: no such limit). seed: fixes inputs and proposal
        draws. threads: what every timing uses; None: the machine's physical cores.
    out: the run's directory; None: a new one below `runs/`. address: a Ray cluster; None: RAY_ADDRESS, else one of the
        run's own. dashboard: whether Ray's dashboard runs beside it.
    warm_start: whether the best kernels of earlier runs of the same kernel, found beside `out`, are judged anew first.
    first_seeds: the search begins when so many of the kernels lifted from the reference are judged, or as many as there are workers;
        the others are judged among its own. 0: when all are.
    operators: those that make candidates, beside language models. bandit: the policy by which one is asked next.
    llm: language-model profiles. llm_calls, llm_tokens: what all of them may use together.
    population: how elites are kept and parents drawn: pool, archive or islands. pool_capacity: the fittest that it keeps
        in any case, of each machine type, of which elites_per_skeleton may differ only in tunables and options.
    rounds: paired rounds of one measurement in the search.
    build_seconds, run_seconds: CPU time of a candidate's build, and of everything that runs it. memory_gib: what its
        process may take beyond the inputs. reference_seconds: how long watching the reference may take before the search.
    confirm_seconds: about how long the champion's last examination may take; None: a third of the minutes, but no more
        than 150 s.
    recall: a directory of earlier runs, whose verdicts of the same kernel are taken instead of judging once more; for
        comparing searches (`bench search --recall`).
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    evaluations: Count | None = Field(None, description=_COUNT)
    minutes: Annotated[StrictFloat, Field(gt=0, le=1_000_000)] | None = Field(None, description="a number greater than 0")
    seed: StrictInt = Field(0, ge=0, lt=2**62, description="a whole number, 0 or more")
    threads: Annotated[StrictInt, Field(ge=1, le=1024)] | None = Field(None, description="a whole number from 1 to 1024")
    out: Path | None = Field(None, description="the path of a directory")
    address: StrictStr | None = Field(None, description="the address of a Ray cluster, as text")
    dashboard: StrictBool = Field(True, description="true or false")
    warm_start: StrictBool = Field(True, description="true or false")
    operators: tuple[StrictStr, ...] = Field(tuple(OPERATORS), description=f"a list of operators, of {', '.join(OPERATORS)}")
    first_seeds: StrictInt = Field(4, ge=0, le=1_000, description="a whole number from 0 to 1000")
    bandit: StrictStr = Field("adaptive", description="the name of a policy, as text")
    llm: tuple[StrictStr, ...] = Field((), description="a list of profiles, as text")
    llm_calls: Count = Field(200, description=_COUNT)
    llm_tokens: Count = Field(2_000_000, description=_COUNT)
    population: StrictStr = Field(DEFAULT_POPULATION, description="the name of a population, as text")
    pool_capacity: Count = Field(24, description=_COUNT)
    elites_per_skeleton: Count = Field(2, description=_COUNT)
    rounds: StrictInt = Field(15, ge=5, le=1_000, description="a whole number from 5 to 1000")
    build_seconds: Seconds = Field(60.0, description=_SECONDS)
    run_seconds: Seconds = Field(60.0, description=_SECONDS)
    reference_seconds: Seconds = Field(60.0, description=_SECONDS)
    confirm_seconds: Seconds | None = Field(None, description=_SECONDS)
    recall: Path | None = Field(None, description="the path of a directory")
    memory_gib: StrictFloat = Field(4.0, gt=0, le=65_536, description="a number of GiB greater than 0")


def load_settings(config: str | None, overrides: Mapping[str, Any]) -> RunSettings:
    """The settings of `config`, a preset's name or a TOML file (None: the preset `default`), under the `overrides`.

    Limits among the overrides replace all of the file's: `evaluations=100` means 100, however long they take. Where
    neither names one, those of the preset `default` hold. Raises SettingsError.
    """
    name = DEFAULT_PRESET if config is None else config
    where, text = _find(name)
    given = _parse(where, text)
    if any(limit in overrides for limit in LIMITS):
        given = {key: value for key, value in given.items() if key not in LIMITS}
    values = {**given, **overrides}
    if not any(values.get(limit) is not None for limit in LIMITS):
        usual = _parse(*_find(DEFAULT_PRESET))
        values |= {limit: usual[limit] for limit in LIMITS if limit in usual}
    sources = {key: f"--{key}" if key in overrides else f"{where}: {key}" for key in values}
    settings = _validated(values, sources)
    _check_threads(settings, sources)
    for key, names, known in (("operators", settings.operators, KNOWN), ("bandit", (settings.bandit,), POLICIES),
                              ("population", (settings.population,), POPULATIONS)):
        _check_names(key, names, known, sources)
    return settings


def presets() -> tuple[str, ...]:
    """The presets that ship with Kernwright."""
    return tuple(sorted(_shipped()))


def _shipped() -> dict[str, Traversable]:
    folder = resources.files("kernwright.configs") / PRESET_FOLDER
    return {path.name.removesuffix(".toml"): path for path in folder.iterdir() if path.name.endswith(".toml")}


def _find(name: str) -> tuple[str, str]:
    """How a preset or file is called in messages, and its text."""
    shipped = _shipped()
    if name in shipped:
        return f"preset {name}", shipped[name].read_text(encoding="utf-8")
    path = Path(name).expanduser()
    looks_like_a_file = name.endswith(".toml") or os.sep in name
    if not looks_like_a_file and not path.is_file():
        raise SettingsError(f"no preset is called {name!r}{_nearest(name, shipped)}; or give the path of a TOML file")
    try:
        return str(path), path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise SettingsError(f"{path} does not exist{_nearest(path.name.removesuffix('.toml'), shipped, 'presets')}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} cannot be read: {getattr(error, 'strerror', None) or 'it is not UTF-8 text'}") from None
    except ValueError as error:
        raise SettingsError(f"{name!r} is no path: {error}") from None


def parse_toml(where: str, text: str) -> dict[str, Any]:
    """What a TOML text holds. where: how it is called in messages. Raises SettingsError."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{where} is not TOML: {error}") from None


def _parse(where: str, text: str) -> dict[str, Any]:
    data = parse_toml(where, text)
    for key in data:
        if key not in RunSettings.model_fields:
            raise SettingsError(f"{where}: unknown key {key!r}{_nearest(key, RunSettings.model_fields)}")
    return data


def _validated(values: Mapping[str, Any], sources: Mapping[str, str]) -> RunSettings:
    try:
        return RunSettings(**values)
    except ValidationError as error:
        key = str(error.errors(include_url=False)[0]["loc"][0])
        if key not in RunSettings.model_fields:
            raise SettingsError(f"{sources[key]} is unknown{_nearest(key, RunSettings.model_fields)}") from None
        allowed = RunSettings.model_fields[key].description
        raise SettingsError(f"{sources[key]} is {values[key]!r}; it must be {allowed}") from None


def _check_names(key: str, names: Iterable[str], known: Iterable[str], sources: Mapping[str, str]) -> None:
    for name in names:
        if name not in known:
            raise SettingsError(f"{sources[key]}: there is no {name!r}{_nearest(name, known)}")


def _check_threads(settings: RunSettings, sources: Mapping[str, str]) -> None:
    """Timings run on the machines of a cluster where one is named; this one's cores say nothing about them."""
    if settings.threads is None or settings.address or os.environ.get("RAY_ADDRESS"):
        return
    from ..workers.machine import machine_type

    cores = len(machine_type().cores)
    if settings.threads > cores:
        raise SettingsError(f"{sources['threads']} is {settings.threads}, but only {cores} logical core(s) can be used here")


def _nearest(word: str, known: Iterable[str], title: str = "known") -> str:
    known = sorted(known)
    near = difflib.get_close_matches(word.lower(), known, 1, cutoff=0.5)
    return f"; did you mean {near[0]!r}?" if near else f"; {title} are {', '.join(known)}"
