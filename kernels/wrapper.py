"""The wrapper: the thin Python function through which a compiled kernel is called, timed and shipped."""
from __future__ import annotations

import ast
from collections.abc import Sequence

from .candidate import Candidate, CandidateError
from .signature import Output, Signature


def wrapper_source(candidate: Candidate, signature: Signature, parameters: Sequence[str]) -> str:
    """Python text that defines `call(<parameters>)`, with the reference's parameters and results.

    Two names are free in it: `kernel`, the compiled function, and `empty(shape, dtype)`, which allocates. For `writes`
    the outputs are allocated from their shape expressions; for `returns` the kernel's results are handed on. A result
    that the reference gives as a NumPy scalar is made one again, since compiled code returns Python numbers, which
    promote differently. Where a kernel returns an argument itself, Numba wraps the same memory in a new array object; a view
    of a part of one is copied.
    Raises CandidateError for `writes` where an output is no new array of known shape.
    """
    if candidate.convention == "writes" and not signature.writes_open:
        raise CandidateError("the outputs' shapes are not known beforehand, so no wrapper can allocate them")
    taken = set(parameters) | {name for o in signature.outputs for dim in o.shape or () for name in _names(dim)}
    kernel, empty, result = (_unused(name, taken) for name in ("kernel", "empty", "result"))
    lines = [f"{alias} = {name}" for alias, name in ((kernel, "kernel"), (empty, "empty")) if alias != name]
    if candidate.convention == "writes":
        outputs = [_unused(f"out{number}", taken) for number in range(len(signature.outputs))]
        body = [
            f"{name} = {empty}({_tuple(output.shape or ())}, {output.dtype!r})"
            for name, output in zip(outputs, signature.outputs)
        ]
        body.append(f"{kernel}({', '.join([*parameters, *outputs])})")
        body.append(f"return {_tuple(outputs) if signature.packed else outputs[0]}")
    else:
        body = [f"return {kernel}({', '.join(parameters)})"]
        if any(output.numpy_scalar or output.part_of for output in signature.outputs):
            numpy = _unused("numpy", taken)
            lines.insert(0, "import numpy" if numpy == "numpy" else f"import numpy as {numpy}")
            body = [f"{result} = {kernel}({', '.join(parameters)})"]
            if signature.packed:
                scalars = (_boxed(f"{result}[{n}]", output, numpy) for n, output in enumerate(signature.outputs))
                body.append(f"return {_tuple(list(scalars))}")
            else:
                body.append(f"return {_boxed(result, signature.outputs[0], numpy)}")
    text = [*lines, f"def call({', '.join(parameters)}):", *(f"    {line}" for line in body)]
    return "\n".join(text) + "\n"


def _boxed(value: str, output: Output, numpy: str) -> str:
    if output.part_of:
        return f"({value}.copy() if {numpy}.may_share_memory({value}, {output.part_of}) else {value})"
    if not output.numpy_scalar:
        return value
    return f"{numpy}.{'bool_' if output.dtype == 'bool' else output.dtype}({value})"


def _tuple(items: Sequence[str]) -> str:
    return f"({', '.join(items)}{',' if len(items) == 1 else ''})"


def _unused(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "_"
    return name


def _names(expression: str) -> set[str]:
    return {node.id for node in ast.walk(ast.parse(expression, mode="eval")) if isinstance(node, ast.Name)}
