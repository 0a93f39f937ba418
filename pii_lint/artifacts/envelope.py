"""One artifact file, from bytes on disk to typed JSON; each way to be unusable is one sentence."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import msgspec

from pii_lint import files
from pii_lint.artifacts.shapes import Envelope, Metadata
from pii_lint.errors import ArtifactError

T = TypeVar("T")

_SCHEMA = re.compile(r"/dbt/([a-z0-9-]+)/v(\d{1,4})\.json$")
_NOT_UTF8 = (b"\xff\xfe", b"\xfe\xff", b"\x00")


@dataclass(frozen=True, slots=True)
class Kind:
    """One of dbt's artifacts: its name in the schema's address, the versions read, the remedy."""

    name: str
    versions: range
    remedy: str


MANIFEST = Kind("manifest", range(9, 13), "run `dbt compile` or `dbt build`")
CATALOG = Kind("catalog", range(1, 2), "run `dbt docs generate`")


def read(path: Path, kind: Kind) -> bytes:
    """The file's UTF-8 text without its byte-order mark."""
    try:
        data = files.read(path)
    except FileNotFoundError:
        raise _bad(path, f"does not exist: {kind.remedy}, or name it with --{kind.name}") from None
    except IsADirectoryError:
        raise _bad(path, f"is a directory: give the path of the {kind.name}.json in it") from None
    except (OSError, ValueError):
        raise _bad(path, f"can't be read: check its permissions, or {kind.remedy}") from None
    if data.startswith(b"\x1f\x8b"):
        raise _bad(path, "is compressed: unpack it first")
    if data.startswith(_NOT_UTF8):
        raise _bad(path, f"isn't UTF-8 text, as dbt writes it: {kind.remedy} to write it anew")
    data = data.removeprefix(b"\xef\xbb\xbf")
    if not data.strip():
        raise _bad(path, f"is empty: {kind.remedy}")
    return data


def metadata(data: bytes, path: Path, kind: Kind) -> Metadata:
    """The metadata of the artifact asked for, in a version that can be read, or an error."""
    try:
        header = _parse(data, Envelope, path, kind).metadata
    except msgspec.ValidationError:
        header = None
    found = _SCHEMA.search(header.dbt_schema_version or "") if header else None
    if header is None or found is None:
        raise _bad(path, f"is no dbt {kind.name}: {kind.remedy}, or give the right file")
    if found[1] != kind.name:
        raise _bad(path, f"is dbt's {found[1]}: give the path of its {kind.name}.json")
    if int(found[2]) not in kind.versions:
        first, last = kind.versions[0], kind.versions[-1]
        spoken = f"v{first}" if first == last else f"v{first} to v{last}"
        raise _bad(
            path,
            f"is a {kind.name} of version v{found[2]}, and only {spoken} can be read: "
            f"{kind.remedy} with a supported dbt, or update pii-lint",
        )
    return header


def decode(data: bytes, shape: type[T], path: Path, kind: Kind) -> T:
    """The artifact's content; call `metadata` first, which knows a foreign file better."""
    try:
        return _parse(data, shape, path, kind)
    except msgspec.ValidationError as error:
        # the decoder's text names types and field names, never values or keys
        reason = f"isn't shaped like a dbt {kind.name} ({error})"
        raise _bad(path, f"{reason}: {kind.remedy} to write it anew") from None


def _parse(data: bytes, shape: type[T], path: Path, kind: Kind) -> T:
    try:
        return msgspec.json.decode(data, type=shape)
    except msgspec.ValidationError:
        raise
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        reason = "isn't valid JSON"
        if isinstance(error, RecursionError):
            reason = "is nested too deeply to be dbt's"
        elif "truncated" in str(error):
            reason = "is cut short"
        raise _bad(path, f"{reason}: {kind.remedy} to write it anew") from None


def _bad(path: Path, reason: str) -> ArtifactError:
    return ArtifactError(f"{shown(path)} {reason}.")


def moment(text: str | None) -> datetime | None:
    """A time stamp as dbt writes them; without a zone it is UTC."""
    try:
        time = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def shown(name: object) -> str:
    """A name from outside, safe to print: control characters could rewrite a terminal."""
    return "".join(letter if letter.isprintable() else "?" for letter in str(name))
