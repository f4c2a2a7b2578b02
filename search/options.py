"""Options: what several commands take and print."""
from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

Kernel = Annotated[str, typer.Argument(metavar="KERNEL", help="a built-in name, or path/to/file.py:function")]
Directory = Annotated[Path, typer.Argument(metavar="DIR", help="a run's directory")]
AsJson = Annotated[bool, typer.Option("--json", help="print JSON")]


def print_json(data: Any) -> None:
    """Prints `data`, indented."""
    print(json.dumps(data, indent=2))
