"""Files beside the database in which somebody's values may stand."""

from __future__ import annotations

import mmap
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from pii_lint.evidence.rights.person import Term

_WRITTEN = ("target", "logs")
"""Folders that dbt fills."""


def spellings(terms: Iterable[Term]) -> tuple[bytes, ...]:
    """Everything that is looked for byte by byte."""
    return tuple(sorted({one for term in terms for one in term.spellings if one}))


def finds(file: Path, wanted: Sequence[bytes]) -> int:
    """How many of these stand in a file."""
    if not file.is_file() or file.stat().st_size == 0:
        return 0
    with (
        file.open("rb") as opened,
        mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as content,
    ):
        return sum(1 for one in wanted if content.find(one) >= 0)


def written(project_dir: Path) -> tuple[str, ...]:
    """What dbt wrote, from the project's root."""
    return tuple(
        one.relative_to(project_dir).as_posix()
        for name in _WRITTEN
        for one in sorted((project_dir / name).rglob("*"))
        if one.is_file() and not one.is_symlink()
    )


def holding(project_dir: Path, files: Iterable[str], wanted: Sequence[bytes]) -> Iterator[str]:
    """Those of the files in which one of these stands."""
    return (one for one in files if finds(project_dir / one, wanted))
