"""Convention: the same kernel, returning its results or writing them into arrays of the caller."""
from __future__ import annotations

import ast
import copy
from dataclasses import replace

from ..analysis.names import FreshNames
from ..candidate import ENTRY, Candidate, Convention
from ..lift.outputs import written
from ..signature import Output, Signature
from ..transforms.draft import name as name_node
from ..transforms.draft import rebuild, substitute


def in_convention(candidate: Candidate, convention: Convention, signature: Signature) -> Candidate | None:
    """`candidate` in this convention, None where its text does not allow it, or the reference's outputs do not."""
    if candidate.convention == convention:
        return candidate
    if not signature.writes_open or any(not output.shape for output in signature.outputs):
        return None
    tree = copy.deepcopy(candidate.tree)
    entry = next((node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == ENTRY), None)
    if entry is None:
        return None
    made = _writes(tree, entry, signature) if convention == "writes" else _returns(entry, signature)
    return replace(candidate, text=rebuild(tree, candidate.tunables), convention=convention) if made else None


def _writes(tree: ast.Module, entry: ast.FunctionDef, signature: Signature) -> bool:
    fresh = FreshNames(tree)
    outputs = tuple(fresh(f"out{number}") for number in range(len(signature.outputs)))
    body = written(entry, outputs, signature)
    if body is None:
        return False
    entry.body = body
    entry.args.args += [ast.arg(output) for output in outputs]
    return True


def _returns(entry: ast.FunctionDef, signature: Signature) -> bool:
    given = len(signature.arguments)
    parameters = [argument.arg for argument in entry.args.args]
    outputs = parameters[given:]
    bound = {n.id for n in ast.walk(entry) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    if len(outputs) != len(signature.outputs) or bound & set(parameters) or any(isinstance(n, ast.Return) for n in ast.walk(entry)):
        return False
    names = dict(zip((argument.name for argument in signature.arguments), parameters))
    entry.args.args = entry.args.args[:given]
    entry.body = [*(_allocation(name, output, names) for name, output in zip(outputs, signature.outputs)), *entry.body,
                  ast.Return(_result(outputs, signature.packed))]
    return True


def _allocation(name: str, output: Output, names: dict[str, str]) -> ast.stmt:
    statement = ast.parse(f"{name} = np.empty(({', '.join(output.shape or ())},), dtype=np.{_dtype(output)})").body[0]
    return substitute(statement, {old: name_node(new) for old, new in names.items()})


def _dtype(output: Output) -> str:
    return "bool_" if output.dtype == "bool" else output.dtype


def _result(outputs: list[str], packed: bool) -> ast.expr:
    values = [name_node(output) for output in outputs]
    return ast.Tuple(values, ast.Load()) if packed or len(values) > 1 else values[0]
