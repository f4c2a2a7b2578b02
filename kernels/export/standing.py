"""The text of champion.py where nothing is faster than the reference: the reference itself, in a file of its own."""
from __future__ import annotations

import ast
from collections.abc import Sequence

from ..spec import KernelSpec
from .reference import bundle


def standing_source(spec: KernelSpec, summary: Sequence[str]) -> str:
    """The reference under its own name, with what it needs of its file; `<name>.reference` is it as well, as in every
    champion.py, and `<name>.kernel` is None. summary: sentences for the header. Raises SpecError."""
    bound = {name: value for name, value in vars(spec.open().module).items() if not name.startswith("__")}
    whole, function = bundle(spec, bound, spec.function), spec.function
    about = ast.get_docstring(ast.parse(spec.text))
    said = [f"{function}: the reference, as nothing faster is known.", *([about.split("\n\n")[0]] if about else []), *summary,
            f"Use:\n    from champion import {function}"]
    header = "\n\n".join(said).replace("\\", "\\\\").replace('"""', "'''")
    parts = [f'"""{header}\n"""', *([whole.future] if whole.future else []), f"__all__ = [{function!r}]", whole.text().strip("\n"),
             f"{function}.reference, {function}.kernel = {function}, None"]
    return "\n\n\n".join(parts) + "\n"
