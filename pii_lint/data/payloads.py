"""Payloads: the keys that no layer lets in, and the surfaces where they would come to rest."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from pathlib import Path
from typing import Literal, TypeAlias, cast

from pii_lint import files
from pii_lint.data.names import catalogue, entries, json_key_categories
from pii_lint.data.reading import UnreadableYamlError, read_yaml
from pii_lint.data.shape import misfits

Risk: TypeAlias = Literal["low", "medium", "high"]
PolicyName: TypeAlias = Literal["reject", "strip"]

_SHORT = 64
# Of a key that is worth remembering; a sender may invent any number of long ones.


class SurfaceError(ValueError):
    """A list of surfaces can't be used; the message is a sentence."""


@dataclass(frozen=True, slots=True)
class PayloadKey:
    """A key that is refused, as keys.yml spells it."""

    name: str
    category: str
    kind: str

    @property
    def plain(self) -> str:
        """The spelling that keys are compared by."""
        return plain_key(self.name)


@dataclass(frozen=True, slots=True)
class Surface:
    """A column in which foreign JSON comes to rest; `payloads.yml` explains the attributes."""

    table: str
    column: str
    nullable: bool = False
    risk: Risk = "high"
    policy: PolicyName = "reject"
    record_key: str = "id"
    event: Literal["Ingestion", "Write"] = "Ingestion"
    wording: Literal["payload", "metadata"] = "payload"
    append_only: bool = False

    @property
    def name(self) -> str:
        return f"{self.table}.{self.column}"


@dataclass(frozen=True, slots=True)
class DeadLetters:
    """Where rejected events go, and under which code."""

    table: str
    error_code: str


@dataclass(frozen=True, slots=True)
class Roles:
    """Names of database roles."""

    ingest: str
    read: str
    owner: str


def plain_key(name: str) -> str:
    """`emailAddress`, `Email-Address`, `EMAIL_ADDRESS` as emailaddress: what keys are compared by.

    Letters that only look different (full width, ligatures) are the same, and accents go.
    """
    if not name.isascii():
        name = unicodedata.normalize("NFKD", name)
    return "".join(filter(str.isalnum, name.casefold()))


@cache
def blocklist() -> tuple[PayloadKey, ...]:
    """The keys that are refused, by category."""
    return tuple(
        PayloadKey(key, category, kind)
        for category, keys in json_key_categories().items()
        for key, kind in keys.items()
    )


@cache
def plain_blocklist() -> Mapping[str, PayloadKey]:
    """The same by the spelling that keys are compared by."""
    return {key.plain: key for key in blocklist()}


def blocked(name: str) -> PayloadKey | None:
    """The listed key that a payload's key is, in any spelling; None for any other."""
    return _blocked(name) if len(name) <= _SHORT else plain_blocklist().get(plain_key(name))


@lru_cache(maxsize=8192)
def _blocked(name: str) -> PayloadKey | None:
    return plain_blocklist().get(plain_key(name))


@cache
def surfaces() -> tuple[Surface, ...]:
    """The shipped surfaces."""
    return _surfaces(_catalogue())


def read_surfaces(path: Path) -> tuple[Surface, ...]:
    """A project's own surfaces, in the form of payloads.yml. Raises `SurfaceError`."""
    try:
        content = read_yaml(files.read(path).decode("utf-8-sig")).value
    except OSError as wrong:
        raise SurfaceError(f"{path} can't be read: {wrong.strerror}; name another file") from None
    except UnicodeDecodeError:
        raise SurfaceError(f"{path} isn't UTF-8 text; save it as such") from None
    except UnreadableYamlError as wrong:
        raise SurfaceError(f"{path}, line {wrong.line}: the file {wrong}") from None
    for misfit in misfits(content, schema(), schema()["definitions"]):
        raise SurfaceError(f"{path}: {misfit.sentence}")
    found = _surfaces(content if isinstance(content, Mapping) else {})
    twice = [one.name for at, one in enumerate(found) if one.name in {x.name for x in found[:at]}]
    if twice:
        raise SurfaceError(f"{path} lists `{twice[0]}` twice; keep one of them")
    return found


@cache
def dead_letters() -> DeadLetters:
    """Where rejected events go."""
    given = entries(_catalogue())["dead_letters"]
    return DeadLetters(str(given["table"]), str(given["error_code"]))


@cache
def roles() -> Roles:
    """The roles that the database part speaks of."""
    given = entries(_catalogue())["roles"]
    return Roles(str(given["ingest"]), str(given["read"]), str(given["owner"]))


@cache
def reference() -> str:
    """The decision record's file name."""
    return str(_catalogue()["reference"])


def enforcement_points() -> tuple[tuple[PayloadKey, Surface], ...]:
    """Every listed key on every surface."""
    return tuple((key, surface) for surface in surfaces() for key in blocklist())


@cache
def schema() -> Mapping[str, object]:
    """The JSON schema of payloads.yml."""
    text = resources.files("pii_lint.data").joinpath("payloads.schema.json").read_text("utf-8")
    loaded: dict[str, object] = json.loads(text)
    return loaded


@cache
def _catalogue() -> Mapping[str, object]:
    return catalogue("payloads.yml")


def _surfaces(content: Mapping[str, object]) -> tuple[Surface, ...]:
    listed = content["surfaces"]
    return tuple(
        Surface(
            table=str(each["table"]),
            column=str(each["column"]),
            nullable=each.get("nullable") is True,
            risk=cast("Risk", each.get("risk", "high")),
            policy=cast("PolicyName", each.get("policy", "reject")),
            record_key=str(each.get("record_key", "id")),
            event=cast('Literal["Ingestion", "Write"]', each.get("event", "Ingestion")),
            wording=cast('Literal["payload", "metadata"]', each.get("wording", "payload")),
            append_only=each.get("append_only") is True,
        )
        for each in (listed if isinstance(listed, list) else [])
        if isinstance(each, Mapping)
    )
