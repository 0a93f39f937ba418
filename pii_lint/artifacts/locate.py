"""Places for reports: a span of compiled SQL back in its template, a column in its YAML file."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import replace
from pathlib import Path
from typing import Literal

from pii_lint.artifacts.alignment import Alignment, align
from pii_lint.artifacts.comments import Comment, comments
from pii_lint.artifacts.model import Exposure, Node
from pii_lint.artifacts.paths import ProjectFiles
from pii_lint.artifacts.yaml_places import YamlPlaces
from pii_lint.findings import Location

_YAML = (".yml", ".yaml")
# a snapshot may be written as properties alone, without a template


class Locator:
    """Finds places in one project's files; each file is read and each model aligned once.

    Without the project's files, places in templates come from the manifest's copy, not `exact`.
    """

    def __init__(self, project_dir: Path | None) -> None:
        self._files = ProjectFiles(project_dir) if project_dir else None
        self._yaml = YamlPlaces(self._files) if self._files else None
        self._templates: dict[str, _Template] = {}
        self._compiled: dict[str, _Lines | None] = {}

    def yaml_location(self, thing: Node | Exposure, column: str | None = None) -> Location | None:
        """The name of a relation, exposure or column in YAML; not `exact` where it isn't there."""
        if self._yaml:
            return self._yaml.find(thing, column)
        owned = isinstance(thing, Exposure) or thing.resource_type == "source"
        file = thing.path if owned else thing.patch_path if isinstance(thing, Node) else None
        return Location(file, kind="yaml") if file else None

    def template_location(
        self, node: Node, start: int | None = None, end: int | None = None
    ) -> Location:
        """A span of compiled SQL: in the template where that is certain, else in its own file."""
        template = self._template(node)
        if start is None or node.compiled_code is None:
            return template.top()
        finish = start if end is None else end
        if found := template.location(start, finish):
            return found
        compiled = self._compiled_lines(node)
        if compiled and node.compiled_path:
            place = compiled.location(
                node.compiled_path, start, finish, exact=True, kind="compiled"
            )
            return replace(place, near=template.nearest(start))
        if node.path.endswith(_YAML) and (declared := self.yaml_location(node)):
            return declared
        return template.nearest(start)

    def text(self, node: Node, place: Location) -> str | None:
        """The template or compiled SQL that a place counts in; None where it is lost."""
        if place.kind == "template" and place.file == node.path:
            return self._template(node).text
        if place.kind == "compiled" and place.file == node.compiled_path:
            return _lines(node.compiled_code or "") if self._compiled_lines(node) else None
        return None

    def comments(self, node: Node) -> list[tuple[Comment, Location]]:
        """The comments of a node's template with their places; lines of code count in the file."""
        template = self._template(node)
        return [(template.shifted(each), template.place(each)) for each in template.comments()]

    def _template(self, node: Node) -> _Template:
        if node.unique_id not in self._templates:
            text = self._files.text(node.path) if self._files else None
            self._templates[node.unique_id] = _Template(node, text)
        return self._templates[node.unique_id]

    def _compiled_lines(self, node: Node) -> _Lines | None:
        """The compiled file's lines; None where the file isn't there or says something else."""
        if node.unique_id not in self._compiled:
            text = node.compiled_code or ""
            if self._files:
                there = self._files.text(node.compiled_path) if node.compiled_path else None
                same = there is not None and _lines(there) == _lines(text)
            else:
                same = node.compiled_path is not None
            self._compiled[node.unique_id] = _Lines(text) if same else None
        return self._compiled[node.unique_id]


class _Template:
    """One node's template: the manifest's copy, and where that stands in its file."""

    def __init__(self, node: Node, file: str | None) -> None:
        self._node = node
        self._raw = _lines(node.raw_code or "")
        self._aligned: Alignment | None = None
        whole = _lines(file) if file is not None else None
        self._offset = self._found(whole)
        self._exact = whole is not None and self._offset is not None
        self.text = whole if self._exact and whole is not None else self._raw
        self._places = _Lines(self.text)

    def _found(self, whole: str | None) -> int | None:
        """Where the manifest's copy begins in the file, if it is there just once."""
        if whole is None or not self._raw.strip():
            return None
        first = whole.find(self._raw)
        return first if first >= 0 and whole.find(self._raw, first + 1) < 0 else None

    def location(self, start: int, end: int) -> Location | None:
        """None where the span's place isn't certain."""
        span = self._alignment().span(start, end)
        if span is None or (self._node.path.endswith(_YAML) and not self._exact):
            return None
        shift = self._offset or 0
        return self._places.location(
            self._node.path, span[0] + shift, span[1] + shift, exact=self._exact, kind="template"
        )

    def comments(self) -> list[Comment]:
        """Comments with offsets and lines in the manifest's copy; a YAML file has no template."""
        return [] if self._node.path.endswith(_YAML) else comments(self._raw)

    def place(self, comment: Comment) -> Location:
        """Where a comment stands."""
        shift = self._offset or 0
        return self._places.location(
            self._node.path,
            comment.start + shift,
            comment.end + shift,
            exact=self._exact,
            kind="template",
        )

    def shifted(self, comment: Comment) -> Comment:
        """A comment with the line of its code as the file counts."""
        above = self._places.lines_before(self._offset or 0)
        return comment._replace(line=comment.line + above if comment.line else None)

    def nearest(self, start: int) -> Location:
        """The line of the nearest certain character before."""
        place = self._alignment().before(start)
        if place is None or self._node.path.endswith(_YAML):
            return self.top()
        at = place + (self._offset or 0)
        return self._places.location(self._node.path, at, at, exact=False, kind="template")

    def top(self) -> Location:
        """The file as a whole."""
        kind: Literal["template", "yaml"] = (
            "yaml" if self._node.path.endswith(_YAML) else "template"
        )
        return Location(self._node.path, kind=kind)

    def _alignment(self) -> Alignment:
        if self._aligned is None:
            # a Python model's compiled code is no rendering of its template
            raw = self._raw if self._node.language == "sql" else ""
            self._aligned = align(raw, self._node.compiled_code or "", self._node.injected_ctes)
        return self._aligned


class _Lines:
    """Character offsets of a text as lines and columns."""

    def __init__(self, text: str) -> None:
        self._starts = [0]
        at = text.find("\n")
        while at >= 0:
            self._starts.append(at + 1)
            at = text.find("\n", at + 1)

    def location(
        self, file: str, start: int, end: int, *, exact: bool, kind: Literal["template", "compiled"]
    ) -> Location:
        line, col = self._place(start)
        end_line, end_col = self._place(max(start, end))
        return Location(file, line, col, end_line, end_col, exact=exact, kind=kind)

    def lines_before(self, offset: int) -> int:
        """How many lines end before a character."""
        return bisect_right(self._starts, offset) - 1

    def _place(self, offset: int) -> tuple[int, int]:
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1


def _lines(text: str) -> str:
    """Line ends as Jinja renders them."""
    return text.replace("\r\n", "\n").replace("\r", "\n")
