"""Python file: a champion or a kernel written by hand, read back into a candidate. It is parsed, never executed."""
from __future__ import annotations

import ast
import builtins
import keyword
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ...kernels.analysis.legality import uses_parallel
from ...kernels.candidate import ENTRY, Candidate, CandidateError
from ...kernels.dialect import check, lexical
from ...kernels.dialect.refusal import Refused
from ...kernels.dialect.vocabulary import RESERVED
from ...kernels.export.kernel_text import rename
from ...kernels.export.names import PREFIX, identifiers
from ...kernels.signature import Signature
from ..llm.tidy import tidy
from ..schema import RunError
from .entry import entry_of
from .jit_options import options_of
from .kernel_lines import KernelLines, kernel_lines
from .lineage import lineage
from .module import Module, read_module


@dataclass(frozen=True)
class Draft:
    """A kernel in the dialect, of which is not known yet whether it fits a reference. parameters: of its entry."""

    module: Module
    lines: KernelLines
    candidate: Candidate
    parameters: tuple[str, ...]

    def fitted(self, signature: Signature) -> Candidate:
        """The candidate with the convention that its parameters show. Raises RunError where they fit neither."""
        takes, given, outputs = len(self.parameters), len(signature.arguments), len(signature.outputs)
        writes = signature.writes_open and takes == given + outputs
        if takes != given and not writes:
            wanted = f"the {given} of the reference ({', '.join(a.name for a in signature.arguments)})" if given else "none"
            also = f", or {given + outputs} with one array for each output" if signature.writes_open else ""
            raise self.module.refuse(self._line_of_entry(), f"the kernel takes {takes} parameter(s) ({', '.join(self.parameters)}), "
                                                            f"but must take {wanted}{also}")
        candidate = replace(self.candidate, convention="writes" if writes else "returns")
        self.require_dialect(candidate, signature)
        return candidate

    def require_dialect(self, candidate: Candidate, signature: Signature | None = None) -> None:
        """Raises RunError with the first reason why the candidate is outside the dialect, and the file's line."""
        for refusal in check(candidate, signature)[:1]:
            raise self.module.refuse(self.lines.place(candidate.text, refusal.line), refusal.reason)
        try:
            candidate.identity, candidate.skeleton  # noqa: B018 - what cannot be hashed cannot be told apart: find out here
        except CandidateError as error:
            raise self.module.refuse(0, str(error)) from None

    def _line_of_entry(self) -> int:
        lines = self.candidate.text.split("\n")
        found = next((n for n, line in enumerate(lines, 1) if line.startswith(f"def {ENTRY}(")), 0)
        return self.lines.place(self.candidate.text, found)


def read_python_file(path: Path, function: str) -> Draft:
    """The kernel in a file. function: the reference's name, which the kernel may have too. Raises RunError, with the line
    and the reason, where there is none in the dialect."""
    module = read_module(path)
    try:
        entry = entry_of(module, function)
        lines = kernel_lines(module, entry)
        lexical.parse(lines.text)  # before any work on it: a text beyond the dialect's limits would take long
        text = _in_dialect(lines.text, module, entry.name)
        options = options_of(module, entry, uses_parallel([ast.parse(text)]))
        draft = Draft(module, lines, Candidate(text, options, lineage=lineage(path, "read back from the file")),
                      tuple(a.arg for a in (*entry.args.posonlyargs, *entry.args.args)))
        draft.require_dialect(draft.candidate)
    except Refused as error:
        raise module.refuse(lines.place(lines.text, error.refusal.line), error.refusal.reason) from None
    except (RecursionError, MemoryError):
        raise module.refuse(0, "it is nested too deeply") from None
    except RunError:
        raise
    except (SyntaxError, ValueError) as error:
        raise module.refuse(0, f"its kernel cannot be read: {' '.join(str(error).split())[:200]}") from None
    return draft


def _in_dialect(text: str, module: Module, entry: str) -> str:
    """The kernel's lines without imports, decorators and annotations, under the names that the dialect has for things."""
    renamed = rename(text, _mapping(ast.parse(text), module.imported, entry))
    return tidy(_without_builtins(renamed), ENTRY).text.strip("\n") + "\n"


def _mapping(tree: ast.Module, imported: Mapping[str, str], entry: str) -> dict[str, str]:
    """New names: the entry is called `kernel`; a champion's names lose what kept them apart from the reference's."""
    taken = identifiers(ast.unparse(tree)) | RESERVED
    mapping = {entry: ENTRY} if entry != ENTRY else {}
    for name in _defined(tree):
        if name == ENTRY and entry != ENTRY:
            mapping[name] = _free(f"{ENTRY}_helper", taken)
        elif name.startswith(PREFIX) and name != entry:
            plain = name.removeprefix(PREFIX)
            if plain.isidentifier() and not keyword.iskeyword(plain) and plain not in taken:
                taken.add(plain)
                mapping[name] = plain
    for name, dotted in imported.items():
        module, _, original = dotted.partition(".")
        if module == builtins.__name__:
            mapping[name] = original
    return {old: new for old, new in mapping.items() if old != new}


def _defined(tree: ast.Module) -> Sequence[str]:
    found = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
    found += [target.id for node in tree.body if isinstance(node, ast.Assign) for target in node.targets if isinstance(target, ast.Name)]
    return list(dict.fromkeys(found))


def _without_builtins(text: str) -> str:
    """The text without imports of Python's own functions, which need none."""
    lines = text.split("\n")
    for node in ast.parse(text).body:
        if isinstance(node, ast.ImportFrom) and node.module == builtins.__name__ and node.lineno == node.end_lineno:
            lines[node.lineno - 1] = ""
    return "\n".join(lines)


def _free(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "_"
    taken.add(name)
    return name
