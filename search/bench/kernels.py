"""Runs of the built-in kernels, one after the other."""
from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any


def run_kernels(names: Sequence[str], evaluations: int, seed: int, directory: Path,
                report: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """A run of its own for each built-in; every result, and the geometric mean of the speedups over the references."""
    results = []
    for name in names:
        out = directory / name
        subprocess.run([sys.executable, "-m", "kernwright", "run", name, "--evaluations", str(evaluations), "--seed", str(seed),
                        "--out", str(out)], stdout=subprocess.DEVNULL, check=False)
        file = out / "result.json"
        results.append(json.loads(file.read_text()) if file.exists() else {"kernel": name, "verdict": None, "speedup": None})
        report(results[-1])
    speedups = [result["speedup"] for result in results if result["speedup"]]
    mean = math.exp(sum(map(math.log, speedups)) / len(speedups)) if speedups else None
    return {"evaluations": evaluations, "geometric_mean": mean, "kernels": results}
