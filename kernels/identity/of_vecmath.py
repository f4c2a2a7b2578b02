"""Of vecmath: whether a candidate gives the functions of vecmath what their errors were measured for."""
from __future__ import annotations

import ast

from ..analysis.types import Types
from ..candidate import Candidate
from ..signature import Signature
from ..vecmath import recognise


def misgiven(candidate: Candidate, signature: Signature) -> str:
    """Why a function of vecmath in the candidate's text may not stand for the exact one: the call that gives it what is not
    known to be a number of its own dtype. "" where there is none.

    Given float64, a function for float32 is an approximation that no figure describes, as Numba compiles it for float64.
    """
    types = Types(candidate, signature)
    for node in candidate.tree.body:
        if not isinstance(node, ast.FunctionDef) or (known := recognise(node)) is None:
            continue
        for given in types.names[node.name].values():  # of its parameters, over all calls; none where nothing calls it
            if not given.is_scalar or given.dtype != known.dtype:
                return f"{node.name}, the {known.name} of vecmath for {known.dtype}, is called with what is not known to be {known.dtype}"
    return ""
