"""An erasure as text, as JSON for machines and as Markdown to file; no value in any."""

from __future__ import annotations

import json
from collections.abc import Iterator

from pii_lint import __version__
from pii_lint.evidence.markup import cell, code, stood_on
from pii_lint.evidence.rights.erasure import Left
from pii_lint.evidence.rights.forget import Foreseen, concerned
from pii_lint.evidence.rights.record import Forgotten
from pii_lint.holdings import Holdings

_DONE = {"delete": "deleted", "blank": "blanked", "purge": "taken out"}
_WOULD = {"delete": "to delete", "blank": "to blank", "purge": "to take out"}


def foreseen(plan: Foreseen, holdings: Holdings) -> str:
    """What would be done."""
    lines = [
        f"{one.called}: {_rows(one.rows)} {_WOULD[one.what]}" for one in plan.touched if one.rows
    ]
    if plan.again:
        back = any(one.rows for one in plan.touched)
        lines.append(
            "They were forgotten before; what came back, or was left, goes now."
            if back
            else "They were forgotten before, and no row of theirs has come back."
        )
    lines += [f"{one.called}: stays, for {one.reason}" for one in holdings.kept]
    if not lines or any(one.rows for one in plan.touched):
        asked = concerned(holdings, plan.touched)
        lines += [f"{one.recipient} is to be asked, by {one.exposure}" for one in asked]
        lines.append("Nothing was touched: say --yes to do it.")
    return "\n".join(lines) + "\n"


def lifted(people: int) -> str:
    """What became of a wish to let somebody come back."""
    if people:
        return "Their tombstones are taken down: the next load may bring them back.\n"
    return "Nobody who is known by that was forgotten.\n"


def left_over(cells: tuple[Left, ...]) -> str:
    """Why nothing was done."""
    lines = [f"{one.table}.{one.column}: found in {_rows(one.rows)}" for one in cells]
    lines.append(
        "Something of theirs would be left there, so nothing was changed: say in the YAML whose "
        "the rows are (`pii_lint_subject`), drop the table, or name a column with --leave if what "
        "stands there is somebody else's."
    )
    return "\n".join(lines) + "\n"


def as_text(done: Forgotten) -> str:
    """What a person at the terminal wants to know."""
    lines = [f"{one.called}: {_rows(one.rows)} {_DONE[one.what]}" for one in done.touched]
    if not done.touched:
        lines.append("No row of theirs stood anywhere any more.")
    lines += [f"{one.called}: stayed, for {one.reason}" for one in done.kept]
    lines += [f"{name}: holds keys of several tables; look yourself" for name in done.unclear]
    lines += [f"{one.table}.{one.column}: still found" for one in done.cells]
    lines += [
        f"{one.table}.{one.column}: still in its statistics, of which a superuser rids it by "
        "`delete from pg_statistic`"
        for one in done.statistics
    ]
    lines += [f"{file}: dbt wrote something there; delete it" for file in done.files]
    lines += [f"{file}: a seed that holds something, and its history too" for file in done.seeds]
    lines += [f"{one.recipient} is to be asked, by {one.exposure}" for one in done.recipients]
    if not done.built:
        lines.append("What dbt makes is without them; `dbt build` brings its counts up to date.")
    searched = done.searched
    lines.append(
        f"Looked for {_many(searched.values, 'former value')} and "
        f"{_many(searched.pseudonyms, 'pseudonym')}: "
        + ("nothing found." if done.clean else "not all is gone.")
    )
    return "\n".join(lines) + "\n"


def as_json(done: Forgotten) -> str:
    """One object."""
    told = {
        "schema_version": 1,
        "tool": {"name": "pii-lint", "version": __version__},
        "clean": done.clean,
        "day": done.day.isoformat(),
        "engine": done.engine,
        "commit": done.commit,
        "manifest_sha256": done.manifest,
        "policy_sha256": done.policy,
        "forgotten_before": done.again,
        "tables": [
            {"table": one.called, "rows": one.rows, "what": _DONE[one.what]} for one in done.touched
        ],
        "kept": [{"table": one.called, "reason": one.reason} for one in done.kept],
        "unclear": list(done.unclear),
        "searched": {
            "former_values": done.searched.values,
            "pseudonyms": done.searched.pseudonyms,
            "not_looked_for": dict(done.searched.skipped),
        },
        "found": {
            "cells": [_left(one) for one in done.cells],
            "declared_somebody_elses": [_left(one) for one in done.excused],
            "bytes": done.bytes_found,
            "bytes_searched": done.bytes,
            "statistics": [_left(one) for one in done.statistics],
            "files": list(done.files),
            "seeds": list(done.seeds),
        },
        "rebuilt": done.built,
        "recipients": [
            {
                "exposure": one.exposure,
                "recipient": one.recipient,
                "owner": one.owner,
                "signed_by": one.signed_by,
                "signed_until": one.signed_until,
                "kinds": list(one.kinds),
                "forms": list(one.forms),
            }
            for one in done.recipients
        ],
    }
    return json.dumps(told, indent=2, ensure_ascii=False) + "\n"


def as_markdown(done: Forgotten, sha256: str) -> str:
    """A page to file beside the JSON, whose digest it names."""
    return "\n".join((*_head(done, sha256), *_tables(done), *_searches(done), *_people(done), ""))


def _head(done: Forgotten, sha256: str) -> Iterator[str]:
    yield from ("# A person was forgotten", "")
    yield (
        "Everything declared as theirs was taken out of the warehouse, and a keyed digest keeps "
        "them from coming back. No value stands here, nor anything that tells who it was."
    )
    yield from ("", f"**{'Nothing was found afterwards.' if done.clean else 'Not all is gone.'}**")
    yield ""
    yield from stood_on(done.commit, done.manifest, done.policy, sha256)
    yield f"| day | {done.day.isoformat()} |"
    yield f"| tools | pii-lint {__version__}, {done.engine} |"
    yield f"| forgotten before | {'yes' if done.again else 'no'} |"
    yield f"| built anew by dbt | {'yes' if done.built else 'no'} |"
    yield ""


def _tables(done: Forgotten) -> Iterator[str]:
    yield from ("## Rows", "", "| table | rows | what became of them |", "|---|---:|---|")
    for one in done.touched:
        yield f"| {code(one.called)} | {one.rows} | {_DONE[one.what]} |"
    for kept in done.kept:
        yield f"| {code(kept.called)} | | stayed: {cell(kept.reason)} |"
    yield ""
    for name in done.unclear:
        yield f"{code(name)} holds keys of several tables, so its rows were left to people."
        yield ""


def _searches(done: Forgotten) -> Iterator[str]:
    searched = done.searched
    yield from ("## What was looked for afterwards", "")
    yield (
        f"{_many(searched.values, 'former value')} and {_many(searched.pseudonyms, 'pseudonym')} "
        "made of them, in every cell of every table."
    )
    for why, count in searched.skipped.items():
        if count:
            yield f"- {_many(count, 'value')} not looked for: {why}"
    yield from ("", "| where | found |", "|---|---|")
    yield f"| cells | {_places(done.cells)} |"
    if done.excused:
        yield f"| cells that hold somebody else's | {_places(done.excused)} |"
    found = "not looked" if done.bytes_found is None else str(done.bytes_found)
    yield f"| bytes: {cell(done.bytes)} | {found} |"
    yield f"| the planner's statistics | {_places(done.statistics)} |"
    files = ", ".join(map(code, done.files)) or "nothing"
    yield f"| files: dbt's target and logs | {files} |"
    yield ""


def _people(done: Forgotten) -> Iterator[str]:
    yield from ("## What is left to people", "")
    yield "- [ ] recipients asked, and their answers filed"
    yield "- [ ] backups, replicas, archives of the write-ahead log: expired, or restored without"
    for file in done.seeds:
        yield f"- [ ] {code(file)}, which holds something of theirs, and its history"
    yield "- [ ] copies that people made: extracts, notebooks, mail, version control"


def _places(cells: tuple[Left, ...]) -> str:
    return ", ".join(code(f"{one.table}.{one.column}") for one in cells) or "nothing"


def _left(one: Left) -> dict[str, object]:
    return {"table": one.table, "column": one.column, "rows": one.rows}


def _rows(number: int) -> str:
    return _many(number, "row")


def _many(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
