"""Description: what `bench_info/NAME.json` of a suite says of one benchmark."""
from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NoReturn

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from ..spec import SpecError

INFO, BENCHMARKS = "bench_info", ("npbench", "benchmarks")


class Initialiser(BaseModel):
    """The function that makes the inputs: its name, what it is called with, and what its results are called, in order."""

    model_config = ConfigDict(extra="ignore")
    func_name: str
    input_args: tuple[str, ...] = ()
    output_args: tuple[str, ...]


class Description(BaseModel):
    """One benchmark. parameters: values by name, for each preset. input_args: what the reference is called with."""

    model_config = ConfigDict(extra="ignore")
    name: str = ""
    relative_path: str
    module_name: str
    func_name: str
    parameters: Mapping[str, Mapping[str, Any]]
    init: Initialiser | None = None
    input_args: tuple[str, ...]
    array_args: tuple[str, ...] = ()
    output_args: tuple[str, ...] = ()

    @field_validator("init", mode="before")
    @classmethod
    def _absent(cls, given: Any) -> Any:
        """An initialiser without a name is none."""
        return None if not given or (isinstance(given, Mapping) and given.get("func_name") == "") else given

    def folder(self, suite: Path) -> Path:
        """Where the benchmark's modules lie."""
        return suite.joinpath(*BENCHMARKS, *Path(self.relative_path).parts)


def names(suite: Path) -> tuple[str, ...]:
    """The benchmarks that the suite describes, sorted. Raises SpecError where `suite` is no suite."""
    if not suite.is_dir():
        raise SpecError(f"{suite} does not exist" if not suite.exists() else f"{suite} is not a directory")
    found = tuple(sorted(path.stem for path in (suite / INFO).glob("*.json")))
    if not found:
        raise SpecError(f"{suite} is no suite in the NPBench layout: it holds no {INFO}/NAME.json")
    return found


def read(suite: Path, name: str) -> Description:
    """The description of the benchmark `name`. Raises SpecError with one line that says what is wrong with it."""
    known = names(suite)
    if name not in known:
        raise SpecError(f"{suite} describes no benchmark {name!r}; {suggestion(name, known)}")
    path = suite / INFO / f"{name}.json"
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SpecError(f"{path} cannot be read as JSON: {error}") from None
    if not isinstance(data, Mapping) or "benchmark" not in data:
        raise SpecError(f'{path} has no "benchmark" at its top')
    try:
        found = Description.model_validate(data["benchmark"])
    except ValidationError as error:
        first = error.errors()[0]
        raise SpecError(f"{path}: {'.'.join(str(part) for part in first['loc']) or 'benchmark'}: {first['msg'].lower()}") from None
    _check(found, path)
    return found


def suggestion(name: str, known: Iterable[str]) -> str:
    """ "did you mean ...?", or else the whole choice."""
    choice = sorted(known)
    near = difflib.get_close_matches(name, choice, 1)
    return f"did you mean {near[0]}?" if near else f"choose from {', '.join(choice)}"


def _check(found: Description, path: Path) -> None:
    """Raises SpecError where the description contradicts itself."""

    def refuse(what: str) -> NoReturn:
        raise SpecError(f"{path}: {what}")

    if Path(found.relative_path).is_absolute() or ".." in Path(found.relative_path).parts:
        refuse(f"relative_path is {found.relative_path!r}; it must lie below {'/'.join(BENCHMARKS)}")
    for field, value in (("module_name", found.module_name), ("func_name", found.func_name),
                         *([("init.func_name", found.init.func_name)] if found.init else [])):
        if not value.isidentifier():
            refuse(f"{field} is {value!r}, which is no name in Python")
    if not found.parameters:
        refuse("parameters holds no preset")
    for preset, values in found.parameters.items():
        made = set(found.init.output_args) if found.init else set()
        for field, asked, known in (
            ("init.input_args", found.init.input_args if found.init else (), set(values)),
            ("input_args", found.input_args, set(values) | made),
            ("array_args", found.array_args, set(values) | made),
            ("output_args", found.output_args, set(values) | made),
        ):
            if missing := [each for each in asked if each not in known]:
                source = "no parameter" if field == "init.input_args" else "neither a parameter nor made by the initialiser"
                refuse(f"{field} names {missing[0]!r}, which is {source} (preset {preset})")
