"""Options: what several commands take and print."""
from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

FORMS = "a built-in name, path/to/file.py:function, or npbench:DIR:NAME"
Kernel = Annotated[str, typer.Argument(metavar="KERNEL", help=FORMS)]
Preset = Annotated[str | None, typer.Option(help="which sizes of npbench:DIR:NAME (default: S)")]
Directory = Annotated[Path, typer.Argument(metavar="DIR", help="a run's directory")]
AsJson = Annotated[bool, typer.Option("--json", help="print JSON")]


def print_json(data: Any) -> None:
    """Prints `data`, indented."""
    print(json.dumps(data, indent=2))
