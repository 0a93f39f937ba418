"""What a sync did, as text or JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict

from pii_lint.warehouse.sync.result import Loaded, Result


def as_json(result: Result) -> str:
    """The whole for machines."""
    told = {
        "outcome": "stopped" if result.stopped else "dry run" if result.dry else "loaded",
        "tables": [asdict(each) for each in result.loaded],
        "drift": [asdict(each) for each in result.drifts],
    }
    return json.dumps(told, indent=2) + "\n"


def lines(result: Result) -> Iterator[str]:
    """One line a table, one a difference. Names in them are as wild as somebody made them."""
    for drift in result.drifts:
        yield f"{'stop' if drift.stops else 'note'}  {drift.sentence}"
    if result.stopped:
        yield "Nothing was loaded; the warehouse is as it was."
        return
    for table in result.loaded:
        yield _foretold(table) if result.dry else _told(table)
    if not result.dry:
        rows = sum(table.read for table in result.loaded)
        yield f"{_many(len(result.loaded), 'table')} loaded, {_many(rows, 'row')} read."


def _foretold(table: Loaded) -> str:
    how = f"{table.mode}, for {table.why}" if table.why else table.mode
    return f"would load {table.called} from {table.source}, {how}"


def _told(table: Loaded) -> str:
    said = [
        f"{table.called} from {table.source}: {_many(table.read, 'row')} read",
        f"{table.rows} there",
    ]
    if table.removed:
        said.append(f"{table.removed} removed")
    if table.stripped:
        said.append(f"{_many(table.stripped, 'payload')} stripped")
    if table.refused:
        said.append(f"{table.refused} refused (pii_lint_sync.dead_letters)")
    if table.forgotten:
        said.append(f"{table.forgotten} forgotten")
    how = f" ({table.mode}{', for ' + table.why if table.why else ''})"
    return ", ".join(said) + how


def _many(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
