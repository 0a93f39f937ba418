"""Findings that were known before: kept in a file, or read off an older manifest."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Literal

from pii_lint import files
from pii_lint.data.reading import named
from pii_lint.data.shape import misfits
from pii_lint.errors import ConfigError
from pii_lint.findings import Finding, Severity, Suppression
from pii_lint.labels import Form
from pii_lint.rules import stale_declassification, stale_suppression, unanalysable

BASELINE_FILE = "pii_lint_baseline.json"
LARGEST_FILE = 50_000_000
"""Bytes; a hundred thousand findings have room in it."""

_NAMED = 3
_PROMISES = frozenset({stale_declassification.code, stale_suppression.code})
"""Rules about suppressions: to know such a finding of old would renew what has expired."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One known finding."""

    code: str
    node: str
    column: str
    id: str
    flows: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Known:
    """What a run may meet without being told anew."""

    entries: tuple[Entry, ...]

    def covers(self, finding: Finding) -> bool:
        """True where every flow of the finding is known, or the finding itself if it has none."""
        if not finding.flows:
            return finding.id in self._whole
        return all(flow.id in self._flows for flow in finding.flows)

    @property
    def _flows(self) -> frozenset[str]:
        return _flows(self.entries)

    @property
    def _whole(self) -> frozenset[str]:
        return _whole(self.entries)

    def without_gone(self, findings: Iterable[Finding]) -> Known:
        """Only what these findings still show; nothing is ever added."""
        now = known(findings)
        flows, whole = _flows(now.entries), _whole(now.entries)
        left = []
        for entry in self.entries:
            still = tuple(flow for flow in entry.flows if flow in flows)
            if still or (not entry.flows and entry.id in whole):
                left.append(replace(entry, flows=still))
        return Known(tuple(left))

    def beyond(self, other: Known) -> int:
        """How many flows it knows that the other doesn't."""
        return len(self._flows - other._flows) + len(self._whole - other._whole)

    @property
    def size(self) -> int:
        """How many flows it knows; a finding without flows counts as one."""
        return len(self._flows) + len(self._whole)


@cache
def _flows(entries: tuple[Entry, ...]) -> frozenset[str]:
    return frozenset(flow for entry in entries for flow in entry.flows)


@cache
def _whole(entries: tuple[Entry, ...]) -> frozenset[str]:
    return frozenset(entry.id for entry in entries if not entry.flows)


def known(findings: Iterable[Finding]) -> Known:
    """What these findings show, in an order of its own."""
    entries = {
        Entry(f.code, f.node, f.column, f.id, tuple(sorted(flow.id for flow in f.flows)))
        for f in findings
    }
    return Known(tuple(sorted(entries, key=lambda e: (e.node, e.column, e.code, e.id, e.flows))))


def lost_sight(finding: Finding) -> bool:
    """True where nobody can say what flows there: what isn't seen can't be known."""
    return finding.code == unanalysable.code or any(
        flow.form == Form.UNKNOWN.word for flow in finding.flows
    )


def may_be_known(finding: Finding, mildest: Severity = Severity.NOTE) -> bool:
    """True for what a baseline takes: no lost sight, nothing about suppressions."""
    return (
        finding.severity.at_least(mildest)
        and finding.code not in _PROMISES
        and not lost_sight(finding)
    )


def pass_known(
    findings: Iterable[Finding],
    what: Known,
    why: Suppression,
    may: Callable[[Finding], bool] = may_be_known,
) -> tuple[Finding, ...]:
    """The findings, those suppressed that are known."""
    return tuple(
        replace(finding, suppressed=why)
        if finding.suppressed is None and may(finding) and what.covers(finding)
        else finding
        for finding in findings
    )


@dataclass(frozen=True, slots=True)
class Passes:
    """Everything that a run was told to know already."""

    baseline: Known | None = None
    file: str = ""
    since: Known | None = None
    manifest: str = ""
    unchanged: frozenset[str] = frozenset()
    # nodes whose SQL is today what it was: sight lost there was lost before

    def passing(self, findings: Iterable[Finding]) -> tuple[Finding, ...]:
        """The findings, those suppressed that are known."""
        found = tuple(findings)
        if self.baseline is not None:
            why = Suppression(f"known to the baseline {self.file}", source="baseline")
            found = pass_known(found, self.baseline, why)
        if self.since is not None:
            why = Suppression(f"stood there before, in manifest {self.manifest}", source="since")
            found = pass_known(found, self.since, why, self._may)
        return found

    def notes(self, findings: Iterable[Finding]) -> tuple[str, ...]:
        """What a reader should know of it."""
        if self.baseline is None:
            return ()
        gone = self.baseline.size - self.baseline.without_gone(findings).size
        if not gone:
            return ()
        flows = "1 flow that is gone" if gone == 1 else f"{gone} flows that are gone"
        return (f"The baseline {self.file} knows {flows}: `pii-lint baseline --update` drops it.",)

    def _may(self, finding: Finding) -> bool:
        if not lost_sight(finding):
            return may_be_known(finding)
        places = {flow.steps[0].node for flow in finding.flows if flow.steps} or {finding.node}
        return places <= self.unchanged


How = Literal["new", "add", "update"]
"""Make a file, take new findings into one, or drop from one what is gone."""


@dataclass(frozen=True, slots=True)
class Written:
    """A baseline's text, and what to say of it."""

    text: str
    sentence: str


def written(
    findings: Iterable[Finding], file: Path, project: str, how: How, mildest: Severity
) -> Written:
    """What a baseline should hold now. Only `new` and `add` ever take a finding in."""
    if how == "new" and files.is_file(file):
        raise ConfigError(
            f"The baseline {_shown(file)} is there already: `--update` drops what is gone from it, "
            "`--add` takes in what is new."
        )
    found = tuple(findings)
    if how == "update":
        former = load(file, project)
        kept = former.without_gone(found)
        said = f"{former.size - kept.size} dropped, {kept.size} left"
        return Written(render(kept, project), f"{_shown(file)}: {said}.")
    if how == "add" and files.is_file(file):
        # one that is damaged, or another project's, isn't overwritten
        load(file, project)
    open_ = [f for f in found if f.suppressed is None and f.severity.at_least(mildest)]
    taken = known(f for f in open_ if may_be_known(f))
    sentence = f"{_shown(file)}: {taken.size} flows of {len(taken.entries)} findings."
    blind = sorted({f.node for f in open_ if lost_sight(f)})
    if blind:
        listed = ", ".join(named(node) for node in blind[:_NAMED])
        more = f" and {len(blind) - _NAMED} more" if len(blind) > _NAMED else ""
        sentence += (
            f" Not in it is lost sight, which no baseline can know: {listed}{more}. Let it pass by "
            "name, with PII003, a reason and a day."
        )
    return Written(render(taken, project), sentence)


def render(what: Known, project: str) -> str:
    """The file's text: a finding a line, so that a review sees what goes and what comes."""
    lines = [
        json.dumps(
            {
                "code": entry.code,
                "node": entry.node,
                "column": entry.column,
                "id": entry.id,
                "flows": list(entry.flows),
            }
        )
        for entry in what.entries
    ]
    listed = ",\n    ".join(lines)
    body = f"[\n    {listed}\n  ]" if lines else "[]"
    name = json.dumps(project)
    return f'{{\n  "baseline_version": 1,\n  "project": {name},\n  "findings": {body}\n}}\n'


def load(path: Path, project: str) -> Known:
    """A baseline from its file. Raises `ConfigError` where it is damaged or of another project."""
    content = _content(path)
    for misfit in misfits(content, _schema(), _schema()["definitions"]):
        raise ConfigError(f"The baseline {_shown(path)} is damaged: {misfit.sentence}; {_MEND}")
    given: Mapping[str, object] = content if isinstance(content, dict) else {}
    if given["project"] != project:
        raise ConfigError(
            f"The baseline {_shown(path)} is of the project {named(given['project'])}, and this is "
            f"{named(project)}: give this project's own, or write one with `pii-lint baseline`."
        )
    listed = given["findings"]
    return Known(tuple(_entry(each) for each in (listed if isinstance(listed, list) else [])))


_MEND = "take it from version control, or write a new one with `pii-lint baseline`."


def _shown(path: Path) -> str:
    return named(path.name)[1:-1]


def _entry(given: Mapping[str, object]) -> Entry:
    flows = given["flows"]
    return Entry(
        code=str(given["code"]),
        node=str(given["node"]),
        column=str(given["column"]),
        id=str(given["id"]),
        flows=tuple(str(flow) for flow in flows) if isinstance(flows, list) else (),
    )


def _content(path: Path) -> object:
    try:
        data = files.read(path, LARGEST_FILE + 1)
    except FileNotFoundError:
        raise ConfigError(
            f"There is no baseline {_shown(path)}: write it with `pii-lint baseline --output FILE`."
        ) from None
    except (OSError, ValueError) as wrong:
        reason = wrong.strerror if isinstance(wrong, OSError) else "that is no path"
        raise ConfigError(f"The baseline {_shown(path)} can't be read: {reason}.") from None
    if len(data) > LARGEST_FILE:
        raise ConfigError(f"The baseline {_shown(path)} is larger than 50 megabytes; none is.")
    try:
        content: object = json.loads(data, object_pairs_hook=_each_once)
    except (ValueError, RecursionError):
        raise ConfigError(f"The baseline {_shown(path)} is no JSON; {_MEND}") from None
    return content


def _each_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """An object; a key given twice would hide what it said first."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key is given twice")
    return found


@cache
def _schema() -> Mapping[str, object]:
    text = resources.files("pii_lint.data").joinpath("baseline.schema.json").read_text("utf-8")
    loaded: object = json.loads(text)
    return loaded if isinstance(loaded, dict) else {}
