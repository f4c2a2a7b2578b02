"""A fresh interpreter that compiles one candidate and runs it once, as if there were no warm process to fork from.

Run as a module of its own, with JSON on standard input: {"spec", "candidate", "signature", "parameters"}.
"""
from __future__ import annotations

import json
import sys

import numpy as np

from ...kernels.candidate import Candidate
from ...kernels.signature import Signature
from ...kernels.spec import KernelSpec
from ...workers.build import build


def main() -> None:
    given = json.load(sys.stdin)
    candidate, signature = Candidate.from_json(given["candidate"]), Signature.from_json(given["signature"])
    arguments = KernelSpec(**given["spec"]).open().make_inputs("tiny", 0)
    build(candidate, signature, given["parameters"], arguments).link(np.empty)(*arguments)


if __name__ == "__main__":
    main()
