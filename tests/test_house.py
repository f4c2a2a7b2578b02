"""The house: imports between its folders are relative, and point from search to workers to kernels, never back."""
from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SEES = {"kernels": {"kernels"}, "workers": {"kernels", "workers"}, "search": {"kernels", "workers", "search"}}
# What the public face holds may be imported by its full name; everything else is reached relatively.
PUBLIC = {"kernwright", "kernwright.declaration"}


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """(line, what) of each import of the file; relative ones resolved to a path below the repository, as `./kernels/spec`."""
    package = path.relative_to(ROOT).parent.parts
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.lineno, node.module or ""
        elif isinstance(node, ast.ImportFrom):
            base = (*package[: len(package) + 1 - node.level], *(node.module or "").split("."))
            yield from ((node.lineno, "/".join((".", *filter(None, base), alias.name))) for alias in node.names)


@pytest.mark.parametrize("folder", SEES)
def test_imports_point_one_way(folder):
    wrong = []
    for path in sorted((ROOT / folder).rglob("*.py")):
        for line, what in imports(path):
            relative = what.startswith("./")
            if relative and what.split("/")[1] not in SEES[folder]:
                wrong.append(f"{path.relative_to(ROOT)}:{line} imports {what}")
            elif not relative and (what.split(".")[0] in SEES or (what.startswith("kernwright") and what not in PUBLIC)):
                wrong.append(f"{path.relative_to(ROOT)}:{line} imports {what}; import it relatively")
    assert not wrong, "\n".join(wrong)


def test_the_public_face_imports_nothing_heavy():
    for path in sorted((ROOT / "src/kernwright").rglob("*.py")):
        for line, what in imports(path):
            assert what.split(".")[0] not in {"numba", "ray", "optuna", "numpy", "pydantic"}, f"{path}:{line}"


def test_every_folder_of_code_is_a_package():
    for folder in (*SEES, "configs"):
        for path in (ROOT / folder).rglob("*.py"):
            assert (path.parent / "__init__.py").is_file(), f"{path.parent} has no __init__.py, so wheels would lack it"
