"""What an editor offers to do about a finding."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from pathlib import Path
from typing import NamedTuple

from lsprotocol.types import (
    CodeAction,
    CodeActionKind,
    Command,
    CreateFile,
    CreateFileOptions,
    Diagnostic,
    OptionalVersionedTextDocumentIdentifier,
    Position,
    Range,
    TextDocumentEdit,
    TextEdit,
    WorkspaceEdit,
)

from pii_lint.artifacts.comments import comments
from pii_lint.artifacts.model import Node
from pii_lint.artifacts.paths import inside
from pii_lint.editor.diagnostics import SOURCE
from pii_lint.editor.rule_pages import page_uri
from pii_lint.editor.texts import States, Texts
from pii_lint.findings import Finding, Location
from pii_lint.fixing import FileChange, fix
from pii_lint.fixing.homes import SORTS, file_of
from pii_lint.rules import WHOLE, Facts, stale_suppression

OPEN_PAGE = "pii-lint.openRule"
FIX_ALL = f"{CodeActionKind.SourceFixAll.value}.{SOURCE}"
DAY, WHY = "YYYY-MM-DD", "…"
"""What people have to fill in: as they stand, they are no day and no reason, so that the comment
lets nothing pass."""
_OF_YAML = re.compile(r"^TAG00[1-4]$")
"""Rules about what the YAML says."""
_LINES = re.compile(r"(?<=\n)|(?<=\r)(?!\n)")


class Shown(NamedTuple):
    """A finding as it was published."""

    diagnostic: Diagnostic
    place: Location
    finding: Finding
    texts: States
    # those that its places count in


def actions(
    facts: Facts, folder: Path, texts: Texts, path: Path, shown: Sequence[Shown]
) -> Iterator[CodeAction]:
    """Everything that can be done about the findings that stand at a place of a file."""
    file = path.relative_to(folder).as_posix()
    if edit := _fixed(facts, folder, texts, file):
        about = [one.diagnostic for one in shown if _OF_YAML.match(one.finding.code)]
        title = f"pii-lint: write what lineage knows into the YAML of {path.name}"
        if about:
            yield CodeAction(title, CodeActionKind.QuickFix, about, edit=edit)
        yield CodeAction(title, FIX_ALL, edit=edit)
    for one in shown:
        if change := _passed(facts, folder, texts, one):
            yield CodeAction(
                f"pii-lint: let {one.finding.code} pass on `{one.finding.column}`, with a reason "
                "and a date",
                CodeActionKind.QuickFix,
                [one.diagnostic],
                edit=change,
            )
    for code in dict.fromkeys(one.finding.code for one in shown):
        if uri := page_uri(code):
            title = f"pii-lint: what {code} means"
            about = [one.diagnostic for one in shown if one.finding.code == code]
            command = Command(title, OPEN_PAGE, arguments=[uri])
            yield CodeAction(title, CodeActionKind.QuickFix, about, command=command)


def _fixed(facts: Facts, folder: Path, texts: Texts, file: str) -> WorkspaceEdit | None:
    """What `pii-lint fix` writes for the relations that the file makes or describes."""
    nodes = [node for node in facts.nodes.values() if _about(facts, node, file)]
    if not nodes:
        return None
    edits: list[TextDocumentEdit | CreateFile] = []
    for change in fix(facts, folder, nodes, sources=False).changes:
        if texts.unsaved(change.place):
            # it was worked out from what stands on disk
            return None
        edits += _edited(texts, change)
    return WorkspaceEdit(document_changes=edits) if edits else None


def _about(facts: Facts, node: Node, file: str) -> bool:
    return node.resource_type in SORTS and file in (node.path, file_of(facts, node))


def _edited(texts: Texts, change: FileChange) -> Iterator[TextDocumentEdit | CreateFile]:
    uri = texts.uri(change.place)
    if change.before is None:
        yield CreateFile(uri, options=CreateFileOptions(ignore_if_exists=True))
        edits = [TextEdit(Range(Position(0, 0), Position(0, 0)), change.after)]
    else:
        edits = list(_differences(texts, change.before, change.after))
    identifier = OptionalVersionedTextDocumentIdentifier(uri, texts.version(change.place))
    yield TextDocumentEdit(identifier, edits)


def _differences(texts: Texts, before: str, after: str) -> Iterator[TextEdit]:
    """Whole lines only."""
    old, new = _LINES.split(before), _LINES.split(after)
    for tag, start, end, first, last in SequenceMatcher(None, old, new, False).get_opcodes():
        if tag != "equal":
            until = Position(end, 0) if end < len(old) else texts.end(old)
            yield TextEdit(Range(Position(start, 0), until), "".join(new[first:last]))


def _passed(facts: Facts, folder: Path, texts: Texts, one: Shown) -> WorkspaceEdit | None:
    """A comment in the SQL that lets the finding pass, once somebody has completed it."""
    node = facts.nodes.get(one.finding.node)
    if (
        one.finding.code == stale_suppression.code
        or node is None
        or not _takes_comments(facts, node)
    ):
        return None
    path = inside(folder, node.path)
    if path is None or texts.unsaved(path):
        return None
    lines = texts.shown(path)
    put = None
    if one.place.kind == "template" and one.place.file == node.path:
        put = _above(lines, one.place.line, one.finding)
    line, text = put or (0, _comment("ignore-file", one.finding, ""))
    if put is None and not _heads(lines, text):
        return None
    edit = TextEdit(Range(Position(line, 0), Position(line, 0)), f"{text}\n")
    identifier = OptionalVersionedTextDocumentIdentifier(texts.uri(path), texts.version(path))
    return WorkspaceEdit(document_changes=[TextDocumentEdit(identifier, [edit])])


def _takes_comments(facts: Facts, node: Node) -> bool:
    return (
        node.resource_type in ("model", "snapshot")
        and node.language == "sql"
        and node.path.endswith(".sql")
        and node.package == facts.projects[0].name
    )


def _above(lines: Sequence[str], number: int, finding: Finding) -> tuple[int, str] | None:
    """A line of its own before the one that the finding names; None where a comment wouldn't be
    one there, as inside of a Jinja block."""
    if number > len(lines):
        return None
    code = lines[number - 1]
    indent = code[: len(code) - len(code.lstrip())]
    text = indent + _comment("ignore", finding, code)
    after = [*lines[: number - 1], text, *lines[number - 1 :]]
    return (number - 1, text) if _speaks_of(after, text, number + 1) else None


def _heads(lines: Sequence[str], text: str) -> bool:
    found = comments("\n".join((text, *lines)))
    return bool(found) and found[0].heads


def _speaks_of(lines: Iterable[str], text: str, number: int) -> bool:
    said = text.strip().removeprefix("--")
    return any(one.text == said and one.line == number for one in comments("\n".join(lines)))


def _comment(word: str, finding: Finding, code: str) -> str:
    column = finding.column.lower()
    named = re.search(rf"(?<!\w){re.escape(column)}(?!\w)", code.lower())
    plain = re.fullmatch(r"[\w$.-]+", column)
    # a name with a comma or a blank in it can't be listed
    columns = f" columns={column}" if column != WHOLE and not named and plain else ""
    return f"-- pii-lint: {word}[{finding.code}]{columns} until={DAY} {WHY}"
