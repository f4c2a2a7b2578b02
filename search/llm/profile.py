"""Profile: one model endpoint as data, and the key that belongs to it.

A profile names where the key is; the key itself is read once, by the driver, and lives in a `Key` from then on.
"""
from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal, NoReturn
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

PROFILE_FOLDER = "llm"
DEFAULT_PARAMETERS: Mapping[str, Any] = {"temperature": 0.8}
# What the client itself sends; a profile that set one of them could break the budgets or change what is asked.
RESERVED = frozenset({"model", "messages", "max_tokens", "max_completion_tokens", "n", "best_of", "stream", "stream_options",
                      "tools", "tool_choice", "extra_headers", "extra_query", "extra_body", "timeout"})
SECRETS = frozenset({"key", "api_key", "apikey", "token", "secret", "password"})


class ProfileError(ValueError):
    """A profile, or its key, cannot be used; the message says in one line what to change."""


class Profile(BaseModel):
    """An OpenAI-compatible chat endpoint and how to speak to it.

    base_url, model: where, and which. key_env or key_file: the environment variable or the file that holds the key;
        neither for a server that wants none.
    context_tokens: the model's window. max_tokens: the longest answer that is asked for, sent as `answer_limit`.
    reasoning_tokens: how many tokens the model may think beyond max_tokens (0 where max_tokens bounds both); each
        call sets them aside in the token budget as well.
    send: parameters added to each request; omit: parameters of ours that the endpoint refuses; extra_body: fields
        outside the protocol.
    timeout_seconds: for a whole answer. connect_seconds: to reach the server. max_concurrent: calls in flight.
    priced, input_price, output_price: money for a million tokens, in `currency`, as of the date `priced`; for information.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    name: str
    base_url: str
    model: Annotated[str, Field(min_length=1)]
    key_env: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")] | None = None
    key_file: str | None = None
    context_tokens: Annotated[int, Field(ge=2048)] = 32_768
    max_tokens: Annotated[int, Field(ge=64)] = 8_192
    reasoning_tokens: Annotated[int, Field(ge=0)] = 0
    answer_limit: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    send: dict[str, Any] = {}
    omit: tuple[str, ...] = ()
    extra_body: dict[str, Any] = {}
    timeout_seconds: Annotated[float, Field(gt=0, le=7200)] = 600.0
    connect_seconds: Annotated[float, Field(gt=0, le=600)] = 10.0
    max_concurrent: Annotated[int, Field(ge=1, le=64)] = 4
    priced: str | None = None
    currency: str = "USD"
    input_price: Annotated[float, Field(ge=0)] | None = None
    output_price: Annotated[float, Field(ge=0)] | None = None

    @field_validator("base_url")
    @classmethod
    def _an_endpoint(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("write http://HOST/... or https://HOST/...")
        if parts.username or parts.password or parts.query or parts.fragment:
            raise ValueError("holds more than a host, a port and a path; a key belongs in key_env or key_file")
        return url.rstrip("/")

    @field_validator("send", "extra_body")
    @classmethod
    def _nothing_reserved(cls, values: dict[str, Any]) -> dict[str, Any]:
        for name in values:
            if name in RESERVED:
                raise ValueError(f"{name} is not a profile's to send" + (
                    "; set the profile's own max_tokens" if name in ("max_tokens", "max_completion_tokens") else ""))
            if name.lower() in SECRETS:
                raise ValueError(f"{name} looks like a secret; name a variable in key_env or a file in key_file")
        return values

    @field_validator("omit")
    @classmethod
    def _nothing_needed(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if name in RESERVED:
                raise ValueError(f"{name} cannot be left out: requests and budgets rest on it")
        return names

    @model_validator(mode="after")
    def _consistent(self) -> Profile:
        if self.key_env and self.key_file:
            raise ValueError("key_env and key_file are both set; keep one")
        if self.max_tokens + self.reasoning_tokens > self.context_tokens:
            raise ValueError("max_tokens and reasoning_tokens together exceed context_tokens")
        return self

    def parameters(self) -> dict[str, Any]:
        """What a request sends beside model, messages and the answer's limit."""
        chosen = {**DEFAULT_PARAMETERS, **self.send}
        return {name: value for name, value in chosen.items() if name not in self.omit}


class Key:
    """An endpoint's key. It is shown only by `reveal()`: never by repr, str, a format or a pickle."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def redact(self, text: str) -> str:
        """`text` with every occurrence of the key replaced, for whatever came from a server that may echo it."""
        return text.replace(self._value, "[key]") if self._value else text

    def __repr__(self) -> str:
        return "Key(hidden)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a key stays in the process that read it")


NO_KEY = Key("")


def names() -> tuple[str, ...]:
    """The profiles that ship with Kernwright."""
    return tuple(sorted(path.name.removesuffix(".toml") for path in _shipped() if path.name.endswith(".toml")))


def load_profile(name: str) -> Profile:
    """The profile called `name`, or in the TOML file `name` (a path: it ends in .toml or holds a slash).

    Raises ProfileError in one line; an unknown name or key comes with the nearest that exists.
    """
    path = Path(name).expanduser()
    if name.endswith(".toml") or "/" in name or os.sep in name:
        return _parse(path.name.removesuffix(".toml"), str(path), _read(path))
    for file in _shipped():
        if file.name == f"{name}.toml":
            return _parse(name, f"profile {name}", file.read_text(encoding="utf-8"))
    raise ProfileError(f"no language-model profile {name!r}{_nearest(name, names())}; or give a path to a TOML file")


def take_keys(profiles: Sequence[Profile]) -> tuple[Key, ...]:
    """Each profile's key, in order (`NO_KEY` where it needs none); variables that held one leave `os.environ`.

    Every key is read before any variable is removed, so that profiles may share one. Raises ProfileError, and then
    leaves the environment as it was, if a variable or file is missing, empty or holds no plausible key.
    """
    keys = tuple(_find_key(profile) for profile in profiles)
    for profile in profiles:
        if profile.key_env:
            os.environ.pop(profile.key_env, None)
    return keys


def take_key(profile: Profile) -> Key:
    """The key of one profile, as `take_keys` does."""
    return take_keys([profile])[0]


def _find_key(profile: Profile) -> Key:
    if profile.key_env:
        value, where = os.environ.get(profile.key_env, ""), f"the environment variable {profile.key_env}"
        if not value.strip():
            raise ProfileError(f"profile {profile.name} needs its key in {where}, which is not set")
    elif profile.key_file:
        path = Path(profile.key_file).expanduser()
        where = f"the file {path}"
        try:
            value = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not text"
            raise ProfileError(f"profile {profile.name} needs its key in {where}, which cannot be read: {reason}") from None
        if not value.strip():
            raise ProfileError(f"profile {profile.name} needs its key in {where}, which is empty")
    else:
        return NO_KEY
    value = value.strip()
    if not re.fullmatch(r"""[!#-&(-\[\]-~]{8,}""", value):
        # A shorter one would be found, and redacted, all over ordinary text; one with quotes would escape redaction.
        raise ProfileError(f"{where} holds no key: expected one line of 8 or more ASCII letters, digits and signs, no quotes")
    return Key(value)


def _shipped() -> Iterator[Any]:
    yield from (resources.files("kernwright.configs") / PROFILE_FOLDER).iterdir()


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ProfileError(f"{path} does not exist; shipped profiles are {', '.join(names())}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ProfileError(f"{path} cannot be read: {getattr(error, 'strerror', None) or 'it is not text'}") from None


def _parse(name: str, where: str, text: str) -> Profile:
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ProfileError(f"{where} is no TOML: {error}") from None
    fields = [field for field in Profile.model_fields if field != "name"]
    for key in data:
        if key.lower() in SECRETS:
            raise ProfileError(f"{where}: a key does not belong in a profile; name a variable in key_env or a file in key_file")
        if key not in fields:
            raise ProfileError(f"{where}: unknown key {key!r}{_nearest(key, fields)}")
    try:
        return Profile(name=name, **data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        message = first["msg"].removeprefix("Value error, ")
        raise ProfileError(f"{where}: {field + ': ' if field else ''}{message[:1].lower() + message[1:]}") from None


def _nearest(word: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(word.lower(), known, 1, cutoff=0.5)
    return f"; did you mean {near[0]!r}?" if near else f"; known are {', '.join(known)}"
