"""The page's facts as one small JSON document: each text once, columns and labels by number."""

from __future__ import annotations

import json
from collections.abc import Iterable

from pii_lint import __version__
from pii_lint.findings import Finding, Flow
from pii_lint.labels import Form
from pii_lint.reports._plain import plain
from pii_lint.reports._words import place
from pii_lint.reports.page.layout import Box, arranged
from pii_lint.reports.page.lineage import where
from pii_lint.reports.page.told import Edge, Page, Stand, ToldColumn
from pii_lint.rules import RULES
from pii_lint.sightings import Sighting

_FORMS = [form.word for form in Form]
_STANDING = {"": 0, "tagged": 1, "clean": 2, "unreviewed": 3}
NOBODY = -1
"""Stands for a number where there is none."""


class _Texts:
    """Texts by number, made fit to be shown."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self.all: list[str] = []

    def number(self, text: str) -> int:
        if text not in self._numbers:
            self._numbers[text] = len(self.all)
            self.all.append(plain(text))
        return self._numbers[text]


class _Packer:
    def __init__(self, page: Page) -> None:
        self._page = page
        self._texts = _Texts()
        self._text = self._texts.number
        self._nodes = {node.uid: number for number, node in enumerate(page.nodes)}
        self._columns: dict[tuple[str, str], int] = {}
        self._stands: dict[tuple[str, str], int] = {}
        columns = stands = 0
        for node in page.nodes:
            for column in node.columns:
                self._columns[node.uid, column.name.lower()] = columns
                self._stands[node.uid, column.name.lower()] = stands
                columns += 1
                stands += len(column.stands)

    def document(self) -> dict[str, object]:
        page, report = self._page, self._page.report
        seen = report.coverage
        spots = arranged([Box(node.uid, node.zone, node.reads) for node in page.nodes])
        found = {
            "version": __version__,
            "project": plain(page.project),
            "failed": report.failed,
            "manifests": [
                [
                    one.sha256[:12],
                    one.dbt_version,
                    one.adapter_type,
                    one.target or "",
                    one.freshness,
                ]
                for one in report.manifests
            ],
            "notes": [plain(note) for note in report.notes],
            "coverage": [
                seen.models,
                seen.columns,
                seen.columns_resolved,
                seen.sources_tagged,
                seen.sources_clean,
                seen.sources_unreviewed,
            ],
            "blind": [
                [self._node(one.node), self._text(one.reason), self._text(where(one.location))]
                for one in seen.unknown
            ],
            "branches": [
                [self._node(one.node), self._all(one.seen), self._all(one.missing)]
                for one in seen.branches
            ],
            "scan": None
            if page.sightings is None
            else [self._sighting(one) for one in page.sightings],
            "forms": _FORMS,
            "rules": {rule.code: [rule.name, rule.summary] for rule in RULES},
            "nodes": [
                [
                    self._text(node.uid),
                    self._text(node.name),
                    self._text(node.sort),
                    self._text(node.zone),
                    self._text(node.owner),
                    self._text(node.file),
                    self._text(node.folder),
                    *spots[node.uid],
                    int(node.complete),
                    [self._nodes[uid] for uid in node.reads],
                    self._all(node.recipients),
                    [self._text(column.name) for column in node.columns],
                ]
                for node in page.nodes
            ],
            "standing": self._standing(),
            "stands": [
                self._stand(column, stand)
                for column, told in self._each_column()
                for stand in told.stands
            ],
            "made": [
                [self._edge(told, edge) for edge in told.made_of]
                for node in page.nodes
                for told in node.columns
            ],
            "masks": [
                [
                    self._node(mask.node),
                    self._text(mask.column),
                    self._text(mask.function),
                    mask.verdict,
                    self._all(mask.inputs),
                    self._all(mask.secrets),
                    self._text(where(mask.location)),
                    self._text(expression),
                ]
                for mask, expression in zip(report.masks, page.masked, strict=True)
            ],
            "uses": [
                [
                    self._node(use.uid),
                    plain(use.type),
                    plain(use.recipient),
                    use.state,
                    plain(use.sentence),
                ]
                for use in page.uses
            ],
            "leaves": [
                [
                    leave.sort,
                    leave.state,
                    self._node(leave.node),
                    *map(
                        plain,
                        (
                            leave.node,
                            leave.column,
                            leave.what,
                            leave.reason,
                            leave.by,
                            leave.until,
                            leave.place,
                        ),
                    ),
                ]
                for leave in page.leaves
            ],
            "findings": [self._finding(finding) for finding in report.findings],
        }
        return {**found, "texts": self._texts.all}

    def _each_column(self) -> Iterable[tuple[int, ToldColumn]]:
        told = (column for node in self._page.nodes for column in node.columns)
        return enumerate(told)

    def _all(self, texts: Iterable[str]) -> list[int]:
        return [self._text(text) for text in texts]

    def _sighting(self, one: Sighting) -> list[int | str]:
        column, pattern = self._text(one.column), self._text(one.pattern)
        return [self._node(one.node), column, pattern, one.rows, one.looked, one.standing]

    def _node(self, uid: str) -> int:
        return self._nodes.get(uid, NOBODY)

    def _column(self, node: str, column: str) -> int:
        return self._columns.get((node, column.lower()), NOBODY)

    def _standing(self) -> str:
        """A digit a column."""
        return "".join(str(_STANDING[told.standing]) for _, told in self._each_column())

    def _stand(self, column: int, stand: Stand) -> list[object]:
        before = NOBODY
        if stand.before is not None:
            node, name, number = stand.before
            before = self._stands[node, name.lower()] + number
        return [
            column,
            self._text(".".join(stand.origin)),
            self._column(*stand.origin),
            self._text(stand.kind),
            self._text(stand.classification),
            _FORMS.index(stand.form),
            self._text(stand.clause),
            before,
            self._text(stand.op),
            self._text(stand.expression),
            self._text(stand.place),
        ]

    def _edge(self, told: ToldColumn, edge: Edge) -> object:
        source = self._column(edge.node, edge.column)
        same = edge.expression.lower().rpartition(".")[2] == told.name.lower()
        if source != NOBODY and edge.op == "copy" and same and not told.stands:
            # most columns are handed on under their name, and their own place says no more
            return source
        return [
            source,
            self._text(edge.op),
            self._text(edge.expression),
            self._text(edge.place if told.stands else ""),
            # a column that no list of columns holds
            *([self._node(edge.node), self._text(edge.column)] if source == NOBODY else []),
        ]

    def _finding(self, finding: Finding) -> list[object]:
        why = finding.suppressed
        return [
            finding.code,
            finding.severity.value,
            self._node(finding.node),
            self._column(finding.node, finding.column),
            plain(finding.column),
            self._text(finding.message),
            plain(place(finding.location)),
            self._text(finding.fix),
            [self._text(why.reason), plain(why.by or ""), plain(why.until or ""), why.source]
            if why
            else 0,
            [self._flow(flow) for flow in finding.flows],
        ]

    def _flow(self, flow: Flow) -> list[object]:
        return [self._text(flow.origin), self._text(flow.kind), _FORMS.index(flow.form)]


def packed(page: Page) -> str:
    """The document's text, fit to stand inside of a script element."""
    text = json.dumps(_Packer(page).document(), ensure_ascii=True, separators=(",", ":"))
    # no markup may begin or end here, whatever a name says
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text
