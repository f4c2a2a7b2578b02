"""Type inference on candidate text: which names are scalars, which are arrays, of which dtype and rank.

One type a name, as in Numba. "unknown" is always a safe answer; every user must treat it as "may be an array".
"""
from __future__ import annotations

import ast
from dataclasses import dataclass

from ..candidate import ENTRY, Candidate
from ..signature import Signature
from ..vecmath import recognise
from . import numpy_calls as numpy_facts
from .names import walk


@dataclass(frozen=True)
class Type:
    """kind: "none yet", "scalar", "array", "tuple" or "unknown". dtype: NumPy's name, or "" where it is not known.

    ndim: rank of an array, or -1 where it is not known. items: the types of a tuple's elements.
    """

    kind: str
    dtype: str = ""
    ndim: int = -1
    items: tuple[Type, ...] = ()

    @property
    def is_scalar(self) -> bool:
        return self.kind == "scalar"

    @property
    def is_array(self) -> bool:
        return self.kind == "array"

    @property
    def is_integer(self) -> bool:
        """Whether it is an integer scalar."""
        return self.kind == "scalar" and is_integer(self.dtype)

    def join(self, other: Type) -> Type:
        """The least type that covers both."""
        if self == other or other.kind == "none yet":
            return self
        if self.kind == "none yet":
            return other
        if self.is_scalar and other.is_scalar:
            return Type("scalar", promote(self.dtype, other.dtype))
        if self.is_array and other.is_array:
            return Type("array", self.dtype if self.dtype == other.dtype else "",
                        self.ndim if self.ndim == other.ndim else -1)
        return UNKNOWN


NOTHING = Type("none yet")
UNKNOWN = Type("unknown")
INT = Type("scalar", "int64")
FLOAT = Type("scalar", "float64")
BOOL = Type("scalar", "bool")
SCALAR = Type("scalar")


def is_integer(dtype: str) -> bool:
    return dtype.startswith(("int", "uint"))


def is_float(dtype: str) -> bool:
    return dtype.startswith("float")


def promote(a: str, b: str) -> str:
    """The dtype of `a op b` for scalars in Numba; "" where it is not known."""
    if a == b:
        return a
    if not a or not b:
        return ""
    for complex_one, other in ((a, b), (b, a)):
        if complex_one.startswith("complex"):
            return "complex64" if complex_one == "complex64" and other in ("float32", "bool", "complex64") else "complex128"
    if is_float(a) or is_float(b):
        narrow = {"float32", "bool", "int8", "int16", "uint8", "uint16"}
        return "float32" if a in narrow and b in narrow else "float64"
    if a == "bool":
        return b
    if b == "bool":
        return a
    if a.startswith("uint") and b.startswith("uint"):
        return a if int(a[4:]) >= int(b[4:]) else b
    return "int64"


class Types:
    """The types of one candidate's names. `of` and `expression` answer; both give UNKNOWN rather than raise.

    has_unsigned: some array, argument or cast is of an unsigned integer type.
    """

    def __init__(self, candidate: Candidate, signature: Signature) -> None:
        self.functions = {f.name: f for f in candidate.tree.body if isinstance(f, ast.FunctionDef)}
        self.nodes = {name: walk(function) for name, function in self.functions.items()}
        self.names: dict[str, dict[str, Type]] = {name: {} for name in self.functions}
        self._memory: dict[tuple[str, int], tuple[ast.expr, Type]] = {}     # holds the nodes, so that no `id` is another's
        self.returned: dict[str, Type] = dict.fromkeys(self.functions, NOTHING)
        self.constants = _constants(candidate.tree)
        casts = {node.attr for node in walk(candidate.tree) if isinstance(node, ast.Attribute)}
        self.has_unsigned = any(dtype.startswith("uint") for dtype in (
            *casts, *(a.dtype for a in signature.arguments), *(o.dtype for o in signature.outputs)))
        self._seed(candidate, signature)
        self.helpers = {name: Type("scalar", known.dtype) for name, node in self.functions.items() if (known := recognise(node))}
        for _ in range(12):
            before = ({f: dict(t) for f, t in self.names.items()}, dict(self.returned))
            for name in self.functions:
                if name not in self.helpers:
                    self._pass(name)
            if before == (self.names, self.returned):
                break
        else:
            self.names = {name: dict.fromkeys(types, UNKNOWN) for name, types in self.names.items()}
            self.returned = dict.fromkeys(self.returned, UNKNOWN)

    def of(self, function: str, name: str) -> Type:
        found = self.names.get(function, {}).get(name) or self.constants.get(name, UNKNOWN)
        return UNKNOWN if found.kind == "none yet" else found

    def expression(self, function: str, node: ast.expr) -> Type:
        """The type of an expression in `function`."""
        known = self._memory.get((function, id(node)))
        if known is None:
            found = self._type(function, node)
            known = self._memory[function, id(node)] = node, UNKNOWN if found.kind == "none yet" else found
        return known[1]

    def _seed(self, candidate: Candidate, signature: Signature) -> None:
        entry = self.functions.get(ENTRY)
        if entry is None:
            return
        declared = [Type("array", a.dtype, a.ndim) if a.kind == "array" else Type("scalar", a.dtype or _KIND.get(a.kind, ""))
                    for a in signature.arguments]
        if candidate.convention == "writes":
            declared += [Type("array", o.dtype, o.ndim) for o in signature.outputs]
        parameters = [a.arg for a in entry.args.args]
        exact = len(parameters) == len(declared)
        for position, name in enumerate(parameters):
            self.names[ENTRY][name] = declared[position] if exact else UNKNOWN

    def _pass(self, name: str) -> None:
        for node in self.nodes[name]:
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    self._bind(name, target, self._type(name, node.value))
            elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
                self._bind(name, node.target, self._operation(self._type(name, node.target), node.op, self._type(name, node.value)))
            elif isinstance(node, ast.For):
                self._bind(name, node.target, self._element(name, node.iter))
            elif isinstance(node, ast.Return):
                value = self._type(name, node.value) if node.value else UNKNOWN
                self.returned[name] = self.returned[name].join(value)
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in self.functions:
                self._call(name, node)

    def _call(self, caller: str, node: ast.Call) -> None:
        callee = self.functions[node.func.id]  # type: ignore[attr-defined]
        types = self.names[callee.name]
        plain = len(node.args) == len(callee.args.args) and not node.keywords
        for position, argument in enumerate(callee.args.args):
            given = self._type(caller, node.args[position]) if plain else UNKNOWN
            types[argument.arg] = types.get(argument.arg, NOTHING).join(given)

    def _bind(self, function: str, target: ast.expr, value: Type) -> None:
        if isinstance(target, ast.Name):
            types = self.names[function]
            types[target.id] = types.get(target.id, NOTHING).join(value)
        elif isinstance(target, ast.Tuple | ast.List):
            items = value.items if value.kind == "tuple" and len(value.items) == len(target.elts) else None
            for position, element in enumerate(target.elts):
                self._bind(function, element, items[position] if items else NOTHING if value == NOTHING else UNKNOWN)

    def _element(self, function: str, node: ast.expr) -> Type:
        """The type of the loop variable of `for ... in node`."""
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("range", "prange"):
            return INT
        iterated = self._type(function, node)
        if iterated.is_array and iterated.ndim == 1:
            return Type("scalar", iterated.dtype)
        return NOTHING if iterated == NOTHING else UNKNOWN

    def _type(self, function: str, node: ast.expr) -> Type:
        match node:
            case ast.Constant(value=bool()):
                return BOOL
            case ast.Constant(value=int()):
                return INT
            case ast.Constant(value=float()):
                return FLOAT
            case ast.Constant(value=complex()):
                return Type("scalar", "complex128")
            case ast.Name(id=name):
                return self.names[function].get(name) or self.constants.get(name, NOTHING)
            case ast.Tuple(elts=elements):
                return Type("tuple", items=tuple(self._type(function, e) for e in elements))
            case ast.UnaryOp(op=operator, operand=operand):
                inner = self._type(function, operand)
                return BOOL if isinstance(operator, ast.Not) else INT if inner == BOOL else inner
            case ast.BinOp(left=left, op=operator, right=right):
                return self._operation(self._type(function, left), operator, self._type(function, right))
            case ast.Compare(left=left, comparators=others):
                kinds = {self._type(function, side).kind for side in (left, *others)}
                return BOOL if kinds == {"scalar"} else NOTHING if "none yet" in kinds else UNKNOWN
            case ast.BoolOp(values=values):
                return _join(self._type(function, v) for v in values)
            case ast.IfExp(body=body, orelse=orelse):
                return self._type(function, body).join(self._type(function, orelse))
            case ast.Subscript(value=value, slice=index):
                return self._subscript(function, self._type(function, value), index)
            case ast.Attribute(value=value, attr=attribute):
                return self._attribute(function, value, attribute)
            case ast.Call():
                return self._result(function, node)
        return UNKNOWN

    def _operation(self, left: Type, operator: ast.operator, right: Type) -> Type:
        if NOTHING in (left, right):
            return NOTHING
        if left.is_scalar and right.is_scalar:
            dtype = promote(left.dtype, right.dtype)
            if isinstance(operator, ast.Div) and (is_integer(dtype) or dtype == "bool"):
                dtype = "float64"
            if isinstance(operator, ast.Pow) and is_integer(dtype):
                dtype = ""
            if is_integer(dtype) and dtype != "uint64":
                dtype = "int64"
            return Type("scalar", "int64" if dtype == "bool" else dtype)
        arrays = [t for t in (left, right) if t.is_array]
        if arrays and all(t.is_array or t.is_scalar for t in (left, right)):
            return Type("array", "", max(t.ndim for t in arrays) if all(t.ndim >= 0 for t in arrays) else -1)
        return UNKNOWN

    def _subscript(self, function: str, value: Type, index: ast.expr) -> Type:
        if value.kind == "tuple" and isinstance(index, ast.Constant) and isinstance(index.value, int):
            inside = -len(value.items) <= index.value < len(value.items)
            return value.items[index.value] if inside else UNKNOWN
        if value.kind == "shape":
            return INT
        if not value.is_array or value.ndim < 0:
            return NOTHING if value == NOTHING else UNKNOWN
        entries = index.elts if isinstance(index, ast.Tuple) else [index]
        rank = value.ndim
        for entry in entries:
            if isinstance(entry, ast.Slice):
                continue
            found = self._type(function, entry)
            if found == NOTHING:
                return NOTHING
            if not found.is_integer:
                return UNKNOWN
            rank -= 1
        if rank < 0 or len(entries) > value.ndim:
            return UNKNOWN
        return Type("scalar", value.dtype) if rank == 0 else Type("array", value.dtype, rank)

    def _attribute(self, function: str, value: ast.expr, attribute: str) -> Type:
        match value:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="np"), attr="finfo"), args=[given]):
                return Type("scalar", _dtype_name(given))
            case ast.Call(func=ast.Attribute(value=ast.Name(id="np"), attr="iinfo")):
                return INT
        if isinstance(value, ast.Name) and value.id in ("np", "math"):
            return FLOAT if attribute in ("pi", "e", "inf", "nan", "tau") else UNKNOWN
        inner = self._type(function, value)
        if inner == NOTHING:
            return NOTHING
        if attribute == "shape":
            return Type("tuple", items=(INT,) * inner.ndim) if inner.is_array and inner.ndim >= 0 else Type("shape")
        if attribute in ("size", "ndim", "itemsize", "nbytes"):
            return INT
        if attribute == "T":
            return inner
        if attribute in ("real", "imag") and inner.is_scalar:
            real = {"complex64": "float32", "complex128": "float64"}
            return Type("scalar", real.get(inner.dtype, inner.dtype))
        return UNKNOWN

    def _result(self, function: str, node: ast.Call) -> Type:
        arguments = [self._type(function, a) for a in node.args]
        scalar = bool(arguments) and all(t.is_scalar for t in arguments)
        undecided = NOTHING if NOTHING in arguments else UNKNOWN
        match node.func:
            case ast.Name(id="len"):
                return INT
            case ast.Name(id="int"):
                return INT
            case ast.Name(id="float"):
                return FLOAT
            case ast.Name(id="bool"):
                return BOOL
            case ast.Name(id="min" | "max") if scalar:
                return _join(arguments)
            case ast.Name(id="abs") if scalar:
                return _real(arguments[0])
            case ast.Name(id=name) if name in self.helpers:
                # Numba compiles it for what it is given: its dtype is its own for its own alone.
                own = all(t == self.helpers[name] for t in arguments)
                return self.helpers[name] if scalar and own else SCALAR if scalar else undecided
            case ast.Name(id=name) if name in self.functions:
                return self.returned[name]
            case ast.Attribute(value=ast.Name(id="math"), attr=name):
                return INT if name in ("floor", "ceil", "trunc", "gcd") else BOOL if name.startswith("is") else SCALAR if \
                    undecided == NOTHING and not scalar else _real_math(arguments)
            case ast.Attribute(value=ast.Name(id="np"), attr=name):
                return self._numpy(function, name, node, arguments, scalar, undecided)
            case ast.Attribute(value=owner, attr=name):
                inner = self._type(function, owner)
                if inner == NOTHING:
                    return NOTHING
                if inner.is_array and name == "copy":
                    return inner
                if inner.is_array and name in ("sum", "max", "min", "prod", "mean") and not node.args and not node.keywords:
                    return Type("scalar", inner.dtype if name in ("max", "min") else "")
                if inner.is_array and name == "astype" and node.args:
                    return Type("array", _dtype_name(node.args[0]), inner.ndim)
                if inner.is_scalar and name in ("type", "conjugate", "item"):
                    return inner
        return undecided

    def _numpy(self, function: str, name: str, node: ast.Call, arguments: list[Type], scalar: bool, undecided: Type) -> Type:
        if name in numpy_facts.CASTS and scalar:
            return Type("scalar", "bool" if name == "bool_" else {"intp": "int64", "uintp": "uint64"}.get(name, name))
        if name in ("empty", "zeros", "ones", "full") and node.args:
            return Type("array", self._dtype(function, node, 2 if name == "full" else 1, "" if name == "full" else "float64"),
                        _rank(node.args[0], arguments[0]))
        if name in ("empty_like", "zeros_like", "ones_like", "full_like") and node.args:
            like = arguments[0]
            given = self._dtype(function, node, 2 if name == "full_like" else 1, like.dtype)
            return Type("array", given, like.ndim) if like.is_array else undecided
        if name == "arange":
            return Type("array", "", 1)
        if name in numpy_facts.ELEMENTWISE_UNARY | numpy_facts.ELEMENTWISE_BINARY:
            if scalar:
                if name in numpy_facts.BOOLEAN:
                    return BOOL
                if name in ("maximum", "minimum", "add", "subtract", "multiply", "fmax", "fmin"):
                    return _join(arguments)
                return _real_math(arguments) if len(arguments) == 1 else SCALAR
            arrays = [t for t in arguments if t.is_array]
            if arrays and all(t.is_array or t.is_scalar for t in arguments):
                return Type("array", "", max(t.ndim for t in arrays) if all(t.ndim >= 0 for t in arrays) else -1)
        if name in ("copy",) and arguments and arguments[0].is_array:
            return arguments[0]
        if name in numpy_facts.REDUCTIONS and len(arguments) == 1 and arguments[0].is_array and not node.keywords:
            return Type("scalar", arguments[0].dtype if name in ("max", "min", "amax", "amin") else "")
        return undecided

    def _dtype(self, function: str, node: ast.Call, position: int, default: str) -> str:
        """The dtype that a constructor is given by keyword or at `position`; `default` where it is given none."""
        given = next((k.value for k in node.keywords if k.arg == "dtype"), None)
        if given is None and len(node.args) > position:
            given = node.args[position]
        if given is None:
            return default
        if isinstance(given, ast.Attribute) and given.attr == "dtype":
            return self._type(function, given.value).dtype
        return _dtype_name(given)


_KIND = {"int": "int64", "float": "float64", "complex": "complex128", "bool": "bool"}


def _constants(tree: ast.Module) -> dict[str, Type]:
    """Types of the module's numeric constants."""
    found = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            value = node.value.operand if isinstance(node.value, ast.UnaryOp) else node.value
            if isinstance(value, ast.Constant):
                kind = {bool: BOOL, int: INT, float: FLOAT, complex: Type("scalar", "complex128")}.get(type(value.value))
                found[node.targets[0].id] = kind or UNKNOWN
    return found


def _join(types) -> Type:  # noqa: ANN001 - any iterable of Type
    total = NOTHING
    for found in types:
        if found == NOTHING:
            return NOTHING
        total = total.join(found)
    return total


def _real(value: Type) -> Type:
    return Type("scalar", {"complex64": "float32", "complex128": "float64"}.get(value.dtype, value.dtype))


def _real_math(arguments: list[Type]) -> Type:
    dtypes = {a.dtype for a in arguments if a.is_scalar}
    if dtypes == {"float32"}:
        return Type("scalar", "float32")
    if dtypes and all(is_integer(d) or d in ("float64", "bool", "float32") for d in dtypes):
        return FLOAT
    return SCALAR


def _dtype_name(node: ast.expr) -> str:
    """"float32" for `np.float32`; "" for anything else."""
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "np":
        name = {"bool_": "bool", "intp": "int64", "uintp": "uint64"}.get(node.attr, node.attr)
        return name if node.attr in numpy_facts.CASTS else ""
    return ""


def _rank(shape: ast.expr, shape_type: Type) -> int:
    if isinstance(shape, ast.Tuple):
        return len(shape.elts)
    if shape_type.kind == "tuple":
        return len(shape_type.items)
    return 1 if shape_type.is_integer else -1
