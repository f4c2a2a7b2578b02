"""Which names a function binds, how often, and which arrays it writes into."""
from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator, Sequence

from ..analysis.aliases import returns_new_memory

HARMLESS = frozenset("range len abs min max int float bool complex round divmod pow".split())
"""Builtins that neither write into what they are given nor hand it on."""
MUTATORS = frozenset({"sort", "fill", "partition", "put", "resize", "itemset"})


def parameters_of(function: ast.FunctionDef) -> list[str]:
    arguments = function.args
    return [a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]


def bound_names(function: ast.FunctionDef) -> frozenset[str]:
    """Parameters and every name that is assigned anywhere in the function, inner scopes included."""
    bound = set(parameters_of(function))
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            bound.add(node.id)
        elif isinstance(node, ast.arg):
            bound.add(node.arg)
        elif isinstance(node, ast.FunctionDef) and node is not function:
            bound.add(node.name)
    return frozenset(bound)


def inner_names(function: ast.FunctionDef) -> frozenset[str]:
    """The identifiers that occur in functions within the function, which may read or change what they name at any time."""
    return frozenset(n.id for inner in ast.walk(function) if isinstance(inner, ast.FunctionDef | ast.Lambda) and inner is not function
                     for n in ast.walk(inner) if isinstance(n, ast.Name))


def plainly_bound(function: ast.FunctionDef) -> dict[str, list[ast.expr]]:
    """Variables that plain assignments of one name bind, augmented ones apart, and nothing else, with what is assigned; parameters and what
    inner functions name are left out."""
    found: dict[str, list[ast.expr]] = {}
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            found.setdefault(node.targets[0].id, []).append(node.value)
    counts = assigned_in(function.body)
    counts.subtract(n.target.id for n in ast.walk(function) if isinstance(n, ast.AugAssign) and isinstance(n.target, ast.Name))
    shut = inner_names(function) | set(parameters_of(function))
    return {name: values for name, values in found.items() if len(values) == counts[name] and name not in shut}


def stored(node: ast.AST) -> Iterator[str]:
    """Names that the statement or expression binds (comprehension variables excepted), one item a binding."""
    if isinstance(node, ast.ListComp | ast.GeneratorExp | ast.SetComp | ast.DictComp | ast.Lambda):
        return
    if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
        yield node.id
    for child in ast.iter_child_nodes(node):
        yield from stored(child)


def assigned_in(statements: list[ast.stmt]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for statement in statements:
        counts.update(stored(statement))
    return counts


def mutated_in(statements: list[ast.stmt], by_helpers: bool = True) -> frozenset[str]:
    """Names whose array the statements may write into: by subscript, augmented assignment, `out=`, or a helper, if these count."""
    found: set[str] = set()
    for statement in statements:
        for node in ast.walk(statement):
            if isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load):
                found.update(root_name(node))
            elif isinstance(node, ast.AugAssign):
                found.update(root_name(node.target))
            elif isinstance(node, ast.Call) and (by_helpers or not isinstance(node.func, ast.Name)):
                found.update(_written_by_call(node))
    return frozenset(found)


def writes_given(function: ast.FunctionDef, given: Sequence[ast.expr] = ()) -> bool:
    """Whether the function may write into memory other than of arrays that it makes itself, or is given new by this call."""
    anew = {name for name, value in zip(parameters_of(function), given) if is_new(value)}
    return bool(mutated_in(function.body) - made_anew(function) - anew)


def written_behind(function: ast.FunctionDef) -> frozenset[str]:
    """Names whose array the function may write into, by whatever other name: `w = v[None]; w *= 2` writes into that of `v`."""
    found = set(mutated_in(function.body))
    shown = [(n.targets[0].id, set(root_name(n.value))) for n in ast.walk(function)
             if isinstance(n, ast.Assign) and isinstance(n.targets[0], ast.Name) and not is_new(n.value)]
    while more := set().union(*(roots for name, roots in shown if name in found)) - found:
        found |= more
    return frozenset(found)


def made_anew(function: ast.FunctionDef) -> frozenset[str]:
    """Variables that hold nothing but memory that the function has made for them; other names may show it too."""
    bindings, made = assigned_in(function.body), Counter[str]()
    for node in ast.walk(function):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if is_new(value):
                made[name] += 1
            case ast.AugAssign(target=ast.Name(id=name)):
                made[name] += 1
    return frozenset(name for name in made if made[name] == bindings[name]) - set(parameters_of(function))


def is_new(value: ast.expr) -> bool:
    """Whether the value shares no memory with anything that has a name."""
    match value:
        case ast.BinOp() | ast.Compare() | ast.UnaryOp() | ast.Constant():
            return True
        case ast.Attribute(value=shown, attr="T" | "real" | "imag"):
            return is_new(shown)
        case ast.Call(func=ast.Attribute(value=shown, attr="reshape" | "transpose" | "swapaxes" | "ravel")) if is_new(shown):
            return True
    return isinstance(value, ast.Call) and returns_new_memory(value)


def root_name(node: ast.expr) -> list[str]:
    """The variable below subscripts and attributes, as a list of one or none."""
    while isinstance(node, ast.Subscript | ast.Attribute):
        node = node.value
    return [node.id] if isinstance(node, ast.Name) else []


def _written_by_call(node: ast.Call) -> Iterator[str]:
    for keyword in node.keywords:
        if keyword.arg == "out":
            yield from root_name(keyword.value)
    if isinstance(node.func, ast.Attribute):
        root = root_name(node.func)
        if root == ["np"]:
            if node.func.attr in ("at", "copyto", "put", "place", "putmask", "fill_diagonal") and node.args:
                yield from root_name(node.args[0])
        elif node.func.attr in MUTATORS:
            yield from root
    elif isinstance(node.func, ast.Name) and node.func.id not in HARMLESS:
        for argument in node.args:
            yield from root_name(argument)


def handed_on(tree: ast.AST) -> frozenset[str]:
    """Variables of which an assignment may make another name or a view."""
    found: set[str] = set()
    pending = [n.value for n in ast.walk(tree) if isinstance(n, ast.Assign)]
    while pending:
        match pending.pop():
            case ast.Name(id=name):
                found.add(name)
            case ast.Subscript(value=inner) | ast.Attribute(value=inner):
                pending.append(inner)
            case ast.Call(func=called, args=given):
                pending += given[:1] + ([called.value] if isinstance(called, ast.Attribute) else [])
            case ast.Tuple(elts=items) | ast.List(elts=items):
                pending += items
            case ast.IfExp(body=one, orelse=other):
                pending += [one, other]
    return frozenset(found)


def uses_of(node: ast.AST) -> Counter[str]:
    """How often each name is read; of the two sides of a conditional expression only one is."""
    if isinstance(node, ast.Name):
        return Counter([node.id] if isinstance(node.ctx, ast.Load) else [])
    if isinstance(node, ast.IfExp):
        return uses_of(node.test) + (uses_of(node.body) | uses_of(node.orelse))
    found: Counter[str] = Counter()
    for child in ast.iter_child_nodes(node):
        found.update(uses_of(child))
    return found


def reads_of(tree: ast.AST, name: str) -> int:
    """At how many places a name is read."""
    return sum(isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Load) for n in ast.walk(tree))


def fresh_name(taken: set[str], wanted: str) -> str:
    """`wanted`, or the first of `wanted_2`, `wanted_3`, ... that is not in `taken`; it is then."""
    name, number = wanted, 2
    while name in taken:
        name, number = f"{wanted}_{number}", number + 1
    taken.add(name)
    return name
