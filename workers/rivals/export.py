"""A reference's signature and text as Pythran wants them: `# pythran export f(float64[:,:], int)`, then plain functions."""
from __future__ import annotations

import ast

from ...kernels.export.reference import bundle
from ...kernels.signature import Argument, Signature
from ...kernels.spec import KernelSpec
from . import NotBuilt

_SCALARS = {"int": "int", "float": "float64", "complex": "complex128", "bool": "bool"}


def exported(spec: KernelSpec, signature: Signature) -> str:
    """The module's text. Raises NotBuilt where an argument has no name in Pythran's language of types."""
    types = ", ".join(_type(argument) for argument in signature.arguments)
    tree = ast.parse(bundle(spec, vars(spec.open().module), spec.function).text())
    plain = ast.unparse(ast.fix_missing_locations(_WithoutAnnotations().visit(tree)))
    return f"# pythran export {spec.function}({types})\n{plain}\n"


def _type(argument: Argument) -> str:
    if argument.kind != "array":
        return argument.dtype if argument.numpy_scalar else _SCALARS[argument.kind]
    if argument.ndim == 0:
        raise NotBuilt(f"Pythran has no array without dimensions, as {argument.name} is")
    if argument.layout == "C":
        return f"{argument.dtype}[{','.join(':' * argument.ndim)}]"
    if argument.layout == "F" and argument.ndim == 2:
        return f"{argument.dtype}[:,:] order(F)"
    return f"{argument.dtype}[{','.join(['::'] * argument.ndim)}]"


class _WithoutAnnotations(ast.NodeTransformer):
    """Types in the text would be resolved by Pythran, which does not know typing's names."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        node.returns = None
        self.generic_visit(node)
        return node

    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.annotation = None
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.stmt:
        return ast.Pass() if node.value is None else ast.Assign([node.target], node.value)
