"""Reading: a certificate and the champion that it speaks of, refused in one line where they cannot be taken at their word."""
from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from ...kernels.candidate import Candidate, CandidateError
from ...kernels.signature import Signature
from ...kernels.spec import KernelSpec
from .seal import content_hash, file_hash, signed_with

FILE, VERSION = "certificate.json", 1
_LONGEST = 200
_SHORTEST_KEY = 16


class CertificateError(ValueError):
    """A champion or its certificate cannot be used; the message says why in one line."""


@dataclass(frozen=True)
class Certificate:
    """A certificate that is whole and unedited, and the champion's own bytes."""

    document: Mapping[str, Any]
    champion: bytes
    spec: KernelSpec
    signature: Signature
    candidate: Candidate
    best_seed: Candidate | None
    njit: Candidate | None


def read_certificate(champion: Path, certificate: Path | None = None, key: bytes | None = None) -> Certificate:
    """The certificate of the file `champion`, by default the one beside it. Raises CertificateError unless it keeps the
    schema, its content has the hash that it states, it names this very champion, and (if there is a `key`) is signed
    with that."""
    content = _bytes(champion, "a champion.py")
    path = champion.parent / FILE if certificate is None else certificate
    if certificate is None and not path.exists():
        raise CertificateError(f"there is no {FILE} beside {champion}; name its certificate with --certificate")
    document = _document(path)
    if content_hash(document) != document["content_hash"]:
        raise CertificateError(f"{path} was edited: its content does not have the hash that it states")
    if key is not None and not signed_with(document, key):
        raise CertificateError(f"{path} is not signed with that key")
    if file_hash(content) != document["champion"]["sha256"]:
        raise CertificateError(f"{champion} is not the champion that {path} speaks of: it was edited, or they do not belong together "
                               f"(SHA-256 {file_hash(content)[:12]}…, the certificate's {document['champion']['sha256'][:12]}…)")
    return _opened(path, document, content)


def read_key(path: Path | None) -> bytes | None:
    """The key in a file, its outer white space left off; None where no file is named. Raises CertificateError."""
    if path is None:
        return None
    key = _bytes(path, "the file that holds the key").strip()
    if len(key) < _SHORTEST_KEY:
        raise CertificateError(f"{path} holds no key: {len(key)} bytes, where at least {_SHORTEST_KEY} are needed")
    return key


def schema() -> dict[str, Any]:
    """The JSON Schema of the version that this module reads."""
    return json.loads(resources.files(__package__).joinpath("schema.json").read_text(encoding="utf-8"))


def complaint(document: Any) -> str:
    """Where `document` departs from the schema, and how; "" where it does not."""
    from jsonschema.exceptions import best_match

    error = best_match(_validator().iter_errors(document))
    if error is None:
        return ""
    place = "/".join(map(str, error.absolute_path)) or "its top level"
    text = " ".join(error.message.split())
    return f"{place}: {text if len(text) <= _LONGEST else text[:_LONGEST] + '…'}"


@cache
def _validator() -> Any:
    from jsonschema import Draft202012Validator

    return Draft202012Validator(schema())


def _bytes(path: Path, what: str) -> bytes:
    if not path.exists():
        raise CertificateError(f"{path} does not exist")
    if not path.is_file():
        raise CertificateError(f"{path} is not a file; name {what}")
    try:
        return path.read_bytes()
    except OSError as error:
        raise CertificateError(f"{path} cannot be read: {error.strerror}") from None


def _document(path: Path) -> dict[str, Any]:
    def refuse(constant: str) -> None:
        raise ValueError(f"{constant} is no JSON number")

    try:
        document = json.loads(_bytes(path, f"a {FILE}").decode("utf-8"), parse_constant=refuse, object_pairs_hook=_object)
    except (ValueError, RecursionError) as error:
        raise CertificateError(f"{path} is no certificate: it is not whole JSON ({' '.join(str(error).split())[:_LONGEST]})") from None
    if not isinstance(document, dict) or "certificate_version" not in document:
        raise CertificateError(f"{path} is no certificate of Kernwright's")
    version = document["certificate_version"]
    if isinstance(version, int) and version > VERSION:
        raise CertificateError(f"{path} was written by a newer Kernwright (certificate version {version}; this one reads {VERSION}); "
                               "update kernwright")
    if wrong := complaint(document):
        raise CertificateError(f"{path} is malformed, at {wrong}")
    return document


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object. Of a name that stands twice a person might read the other value: raises ValueError."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def _opened(path: Path, document: Mapping[str, Any], content: bytes) -> Certificate:
    kernel, champion, rivals = document["kernel"], document["champion"], document["rivals"]
    try:
        spec = KernelSpec(kernel["name"], kernel["spec"], kernel["function"])
        candidate = Candidate.from_json(champion["candidate"])
        others = [Candidate.from_json(rivals[name]) if rivals[name] else None for name in ("best_seed", "njit")]
        signature = Signature.from_json(kernel["signature"])
        identities = spec.content_hash, candidate.identity
    except (CandidateError, TypeError, KeyError) as error:
        raise CertificateError(f"{path} is malformed: {' '.join(str(error).split())[:_LONGEST]}") from None
    if identities != (kernel["spec_hash"], champion["identity"]):
        raise CertificateError(f"{path} contradicts itself: spec or champion do not have the identity that it states")
    return Certificate(document, content, spec, signature, candidate, *others)
