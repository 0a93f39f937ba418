"""What is held on one person as JSON and CSV, in a folder that nobody else may open."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

from pii_lint import __version__
from pii_lint.errors import ConfigError
from pii_lint.evidence.rights.collecting import Collected, Part

_UNSAFE = re.compile(r"[^\w.-]+")


def demand_outside(output: Path, project_dir: Path) -> None:
    """Whatever lies in a project or a repository is handed on sooner or later."""
    place = output.resolve()
    if output.exists():
        raise ConfigError("The folder to write is there already: give one that isn't.")
    if not place.parent.is_dir():
        raise ConfigError("There is no folder to make the export's own in: make it first.")
    if place.is_relative_to(project_dir.resolve()) or any(
        (folder / ".git").exists() or (folder / "dbt_project.yml").exists()
        for folder in place.parents
    ):
        raise ConfigError(
            "The folder to write lies in the project or in a git repository, where a person's data "
            "would be handed on: give one outside of both."
        )


def hand_over(found: Collected, output: Path) -> None:
    """Write it; nothing is left behind where that fails."""
    try:
        with _folder(output) as made:
            _write(made / "subject.json", _json(found))
            taken: set[str] = set()
            for part in found.parts:
                _csv(made / _name(part, taken), part)
    except OSError as wrong:
        raise ConfigError(f"The export can't be written: {wrong.strerror}.") from None


def _name(part: Part, taken: set[str]) -> str:
    name = _UNSAFE.sub("_", f"{part.zone}.{part.called}").strip(".")
    while f"{name}.csv" in taken:
        name += "_"
    taken.add(f"{name}.csv")
    return f"{name}.csv"


def _json(found: Collected) -> str:
    told = {
        "schema_version": 1,
        "tool": {"name": "pii-lint", "version": __version__},
        "tables": [
            {
                "table": part.called,
                "zone": part.zone,
                "rows": [dict(zip(part.columns, row, strict=True)) for row in part.rows],
            }
            for part in found.parts
        ],
    }
    return json.dumps(told, indent=2, ensure_ascii=False, default=_text) + "\n"


def _text(value: object) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)


def _csv(file: Path, part: Part) -> None:
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:
        writer = csv.writer(opened)
        writer.writerow(part.columns)
        for row in part.rows:
            writer.writerow("" if cell is None else _cell(cell) for cell in row)


def _cell(value: object) -> str:
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=_text)
    return _text(value)


def _write(file: Path, text: str) -> None:
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:
        opened.write(text)


@contextmanager
def _folder(output: Path) -> Iterator[Path]:
    """A folder for its owner alone, which appears under its name when all is written."""
    made = Path(mkdtemp(prefix=".pii-lint-", dir=output.parent))
    try:
        yield made
        made.rename(output)
    finally:
        shutil.rmtree(made, ignore_errors=True)
