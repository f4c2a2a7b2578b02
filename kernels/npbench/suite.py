"""Suite: from a directory in the NPBench layout and a benchmark's name to a spec."""
from __future__ import annotations

import ast
import functools
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..spec import KernelSpec, SpecError, read_source
from .conditioning import tolerance_for
from .description import Description, read, suggestion
from .initialiser import MAKER, nested
from .inputs import UNSIZED, Inputs
from .moving import moves_for
from .sizes import Size, small_sizes
from .trial import attempt

PRESET = "S"


def load(suite: Path, name: str, preset: str = PRESET) -> KernelSpec:
    """The spec of the benchmark `name` at the sizes of `preset`: reference and initialiser in one text.

    Small sizes are found by running the reference, and arguments that the initialiser always gives alike are moved: both
    depend on the benchmark's files alone. Raises SpecError with one line.
    """
    found = read(suite, name)
    if preset not in found.parameters:
        raise SpecError(f"{name} has no preset {preset!r}; {suggestion(preset, found.parameters)}")
    folder = found.folder(suite)
    reference = read_source(folder / f"{found.module_name}_numpy.py", found.func_name)
    maker = ""
    if found.init is not None:
        path = folder / f"{found.module_name}.py"
        maker = nested(read_source(path, found.init.func_name), found.init.func_name, path)
    return _made(name, found.model_dump_json(), preset, reference, maker)


@functools.lru_cache(maxsize=256)
def _made(name: str, description: str, preset: str, reference: str, maker: str) -> KernelSpec:
    found = Description.model_validate_json(description)
    parameters = found.parameters[preset]
    benchmark = {key: value for key, value in parameters.items() if type(value) is int and value >= 0} or {UNSIZED: 0}
    arguments, defaults = _arguments(found, reference)
    inputs = Inputs(arguments, {**{key: value for key, value in parameters.items() if key not in benchmark}, **defaults},
                    None, found.init.input_args if found.init else (), found.init.output_args if found.init else (), own=benchmark)
    source = f"{found.name or name}, {found.relative_path} of a suite in the NPBench layout, preset {preset}"

    def spec(sizes: Mapping[str, Size], inputs: Inputs, tolerance: Mapping[str, float] | None = None) -> KernelSpec:
        return KernelSpec(name, _text(reference, found.func_name, maker, inputs, sizes, tolerance, source), found.func_name)

    opened = spec(dict.fromkeys(("tiny", "verify", "benchmark"), benchmark), inputs).open()
    running: Inputs = opened.declaration.inputs  # type: ignore[assignment]
    sizes = small_sizes(benchmark, lambda size, budget: attempt(opened, running, size, 0, budget).how)
    moved = moves_for(opened, running, sizes)
    return spec(sizes, replace(inputs, moved=moved), tolerance_for(opened, replace(running, moved=moved), sizes))


def _arguments(found: Description, reference: str) -> tuple[tuple[str, ...], dict[str, Any]]:
    """What the reference is called with, by position, and the values of its defaults where the description leaves them out.

    Raises SpecError where its parameters and `input_args` do not fit.
    """
    function = next(node for node in ast.parse(reference).body if isinstance(node, ast.FunctionDef) and node.name == found.func_name)
    parameters = [argument.arg for argument in (*function.args.posonlyargs, *function.args.args)]
    given = found.input_args
    known = set(given).union(*found.parameters.values(), found.init.output_args if found.init else ())
    if len(given) > len(parameters) and known.issuperset(parameters):
        return tuple(parameters), {}
    further = parameters[len(given):]
    defaults = dict(zip(reversed(parameters), reversed(function.args.defaults)))
    if len(given) > len(parameters) or not all(isinstance(defaults.get(name), ast.Constant) for name in further):
        raise SpecError(f"{found.func_name} takes {', '.join(parameters) or 'nothing'}, but input_args names {', '.join(given) or 'nothing'}")
    return (*given, *further), {name: defaults[name].value for name in further}  # type: ignore[attr-defined]


def _text(reference: str, function: str, maker: str, inputs: Inputs, sizes: Mapping[str, Size],
          tolerance: Mapping[str, float] | None, source: str) -> str:
    """The reference's file as it stands, and behind it what declares it a kernel."""
    plain = {name: dict(size) for name, size in sizes.items()}
    return f"""{reference.rstrip()}


# Added to the suite's reference: its initialiser, and how it is called.
import kernwright as _npbench
from kernwright.kernels.npbench.inputs import Inputs as _npbench_inputs


{maker or f"{MAKER} = None"}


{function} = _npbench.kernel(
    inputs=_npbench_inputs(
        arguments={inputs.arguments!r},
        fixed={dict(inputs.fixed)!r},
        maker={MAKER},
        given={inputs.given!r},
        made={inputs.made!r},
        moved={dict(inputs.moved)!r},
        own={dict(inputs.own)!r},
    ),
    sizes={plain!r},
    tolerance={tolerance!r},
    source={source!r},
)({function})
"""
