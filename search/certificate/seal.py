"""Seal: the hash by which an edit of a certificate shows, and the code by which its holder's key does."""
from __future__ import annotations

import hashlib
import hmac
import json
import math
from collections.abc import Mapping
from typing import Any

ALGORITHM = "HMAC-SHA256"
_SEALS = ("content_hash", "signed")


def sealed(content: Mapping[str, Any], key: bytes | None = None) -> dict[str, Any]:
    """`content` with its hash; with a key, also with a message authentication code (RFC 2104) that only who has the
    key can make. Anyone can make the hash: it detects edits, and does not tell who wrote the certificate."""
    document = {**content, "content_hash": content_hash(content)}
    if key is not None:
        document["signed"] = {"algorithm": ALGORITHM, "value": _code(document["content_hash"], key)}
    return document


def content_hash(document: Mapping[str, Any]) -> str:
    """"sha256:" and the hex digest of everything but the seals: as JSON with sorted keys, without spaces, in ASCII."""
    content = {key: value for key, value in document.items() if key not in _SEALS}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return "sha256:" + hashlib.sha256(text.encode("ascii")).hexdigest()


def signed_with(document: Mapping[str, Any], key: bytes) -> bool:
    """Whether the document bears the code that `key` makes of its hash."""
    return hmac.compare_digest(str((document.get("signed") or {}).get("value", "")), _code(document["content_hash"], key))


def file_hash(content: bytes) -> str:
    """The SHA-256 of a file's bytes, in hex."""
    return hashlib.sha256(content).hexdigest()


def plain(value: Any) -> Any:
    """`value` as strict JSON: what JSON has no number for ("inf", "nan") becomes text."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def _code(text: str, key: bytes) -> str:
    return hmac.new(key, text.encode("ascii"), hashlib.sha256).hexdigest()
