"""What `fix` does: as a unified diff, or told."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import unified_diff

from pii_lint.fixing import FileChange, Fix
from pii_lint.reports._plain import plain

_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_UNENDED = "\\ No newline at end of file\n"


def patch(fix: Fix) -> str:
    """A unified diff from the project's folder, as `git apply` takes it."""
    return "".join(line for change in fix.changes for line in _lines(change))


def _lines(change: FileChange) -> Iterator[str]:
    path = plain(change.path)
    before = "/dev/null" if change.before is None else f"a/{path}"
    for line in unified_diff(
        _LINE.findall(change.before or ""),
        _LINE.findall(change.after),
        before,
        f"b/{path}",
    ):
        yield line if line.endswith("\n") else f"{line}\n{_UNENDED}"


def told(fix: Fix, *, written: bool) -> str:
    """What was written, what wasn't, and the columns to paste in place of a star."""
    sentences: list[str] = []
    if written:
        sentences += [
            f"{plain(change.path)}: {'written' if change.before is None else 'edited'}"
            for change in fix.changes
        ]
        sentences.append(
            "Compile again with dbt, then run `pii-lint check`."
            if fix.changes
            else "The YAML says what lineage knows: nothing to fix."
        )
    sentences += [f"left: {plain(sentence)}" for sentence in fix.left]
    for paste in fix.pastes:
        more = (
            "" if paste.complete else ", as far as they are known (`dbt docs generate` tells all)"
        )
        sentences.append(f"{plain(paste.path)}: name the columns in place of the star{more}:")
        sentences += [f"    {plain(column)}," for column in paste.columns]
    return "".join(f"{sentence}\n" for sentence in sentences)
