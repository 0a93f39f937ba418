"""The file that `pii-lint scan` writes -> where personal values were met."""

from __future__ import annotations

from pathlib import Path

import msgspec

from pii_lint import files
from pii_lint.errors import ArtifactError
from pii_lint.sightings import Sighting

PLACE = Path("target") / "pii-scan.json"
"""Where the file stands in a project, unless another is named."""
_VERSION = 1


class _Content(msgspec.Struct):
    scan_version: int
    sightings: list[Sighting]


def load_scan(named: Path | None, folder: Path | None) -> tuple[Sighting, ...] | None:
    """What the last scan met most in each column; None where there is no scan."""
    path = named if named is not None else folder / PLACE if folder is not None else None
    if path is None or (named is None and not files.is_file(path)):
        return None
    try:
        content = msgspec.json.decode(files.read(path), type=_Content)
    except OSError as wrong:
        raise ArtifactError(
            f"The scan {path} can't be read: {wrong.strerror}; run `pii-lint scan`, or name "
            "another file with --scan."
        ) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        content = None
    if content is None or content.scan_version != _VERSION:
        raise ArtifactError(
            f"{path} isn't what `pii-lint scan` of this version writes: run it again, or remove "
            "the file."
        )
    found: dict[tuple[str, str], Sighting] = {}
    for one in sorted(content.sightings, key=lambda one: one.rows):
        found[one.node, one.column.lower()] = one
    return tuple(found.values())
