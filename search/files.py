"""Files that are whole or absent."""
from __future__ import annotations

import os
from pathlib import Path


def write_atomically(path: Path, text: str) -> Path:
    """`path`, after it holds all of `text`; whoever reads it meanwhile sees what was there before. Raises OSError."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        # Models answer with halves of surrogate pairs now and then, which UTF-8 has no bytes for.
        partial.write_bytes(text.encode("utf-8", "replace"))
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
    return path
