"""What the assembly of a compiled kernel shows: how wide its vectors are, and whether two kernels are the same code."""
from __future__ import annotations

import hashlib
import re
from typing import Any

_WIDTHS = {"zmm": 512, "ymm": 256, "xmm": 128}
# Packed arithmetic: floating point (…ps, …pd) and integer (vpadd…, vpmul…, vpmin…, vpmax…, vpsub…).
_PACKED = re.compile(
    r"^\s+v?(?:(?P<fma>fn?m(?:add|sub|addsub|subadd)\d*p[sd])|(?:add|sub|mul|div|sqrt|min|max)p[sd]|"
    r"p(?:add|sub|mull|muld|mulu|min|max)[a-z]*)\s[^\n]*%(?P<register>[zyx]mm)\d+[^\n]*$",
    re.M,
)
_PACKED_ARM = re.compile(r"^\s+(?P<fma>fmla|fmls)?(?:fadd|fsub|fmul|fdiv|fsqrt|fmin\w*|fmax\w*|add|sub|mul)?\s+v\d+\.(?:2d|4s|8h|16b)", re.M)
_PARFOR = re.compile(r'^"?(__gufunc__\.[^\s"]*)"?:', re.M)
_LABEL = re.compile(r'^("(?:[^"\\]|\\.)*"|[^\s:"#]+):', re.M)
_COMMON = re.compile(r"^\s+\.comm\s+([^,\s]+)", re.M)
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|(?<![%\w.@])[A-Za-z_.][\w.$@]*')
_IRRELEVANT = re.compile(
    r"^\s+\.(?:file|ident|type|size|globl|weak|hidden|local|comm|cfi_\w+|addrsig\w*|section|text|data)\b.*$|(?:^|\s)(?:# |//).*$",
    re.M,
)


def examine(assembly: str) -> dict[str, Any]:
    """Facts as JSON: `code_hash` (equal for equal machine code, whatever names and addresses), `vector_width` (bits of
    the widest registers that packed arithmetic uses, 0 if none), `packed` (such instructions by register),
    `packed_fma` (fused multiply-adds among them) and `parfors` (parallel loops that Numba really made).
    """
    packed = dict.fromkeys(_WIDTHS, 0)
    fused = 0
    for match in _PACKED.finditer(assembly):
        packed[match["register"]] += 1
        fused += match["fma"] is not None
    arm = [match["fma"] is not None for match in _PACKED_ARM.finditer(assembly)]
    width = max((_WIDTHS[register] for register, count in packed.items() if count), default=128 if arm else 0)
    return {
        "code_hash": code_hash(assembly),
        "vector_width": width,
        "packed": {**packed, "neon": len(arm)} if arm else packed,
        "packed_fma": fused + sum(arm),
        "parfors": len(set(_PARFOR.findall(assembly))),
    }


def code_hash(assembly: str) -> str:
    """Hex digest of the code and its numeric constants.

    Symbols that the assembly itself defines are renamed by their order of appearance: Numba's carry counters and
    addresses. The texts and pickles of Numba's exceptions (`.const.…`), which hold line numbers, are left out.
    """
    own = {label for label in _LABEL.findall(assembly)} | set(_COMMON.findall(assembly))
    names: dict[str, str] = {}

    def rename(match: re.Match[str]) -> str:
        token = match[0]
        return names.setdefault(token, f"s{len(names)}") if token in own else token

    text = _TOKEN.sub(rename, _IRRELEVANT.sub("", _without_messages(assembly)))
    lines = (" ".join(line.split()) for line in text.splitlines())
    return hashlib.sha256("\n".join(filter(None, lines)).encode()).hexdigest()[:32]


def _without_messages(assembly: str) -> str:
    kept, skipping = [], False
    for line in assembly.splitlines():
        label = _LABEL.match(line)
        if label:
            skipping = label[1].lstrip('"').startswith(".const.")
        elif line.lstrip().startswith((".section", ".text")):
            skipping = False
        if not skipping:
            kept.append(line)
    return "\n".join(kept)
