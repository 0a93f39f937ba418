"""From wishes to edited files. Nothing is written here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from pii_lint import files
from pii_lint.artifacts.model import Node
from pii_lint.artifacts.paths import ProjectFiles, inside
from pii_lint.fixing.homes import SORTS, column_of, entry_of, file_of, placed, rooted
from pii_lint.fixing.model import FileChange, Fix, Paste
from pii_lint.fixing.text import loaded, rewritten
from pii_lint.fixing.trees import Refused, Tree, with_tree, without
from pii_lint.fixing.wishes import Wish, held_back, wishes
from pii_lint.rules import Facts
from pii_lint.rules.select_star_in_staging import starred
from pii_lint.rules.untrue_node_tag import TAG

_PERSONAL = ["pii", "pii_type", "pii_form"]
WHOLE = "*"


class _Edit(NamedTuple):
    """What one relation adds to a file, and takes from it."""

    wish: Wish
    put: Tree
    drop: Tree


def fix(facts: Facts, folder: Path, nodes: Iterable[Node], *, sources: bool) -> Fix:
    """What the YAML of these relations should say, as edited files."""
    own = [
        node
        for node in nodes
        if node.package == facts.projects[0].name
        and node.resource_type in SORTS
        and not facts.is_secret(node.unique_id)
    ]
    wanted = wishes(facts, own, sources=sources)
    by_file: dict[str, list[Wish]] = defaultdict(list)
    for uid in sorted(wanted.by_node):
        wish = wanted.by_node[uid]
        by_file[file_of(facts, wish.node)].append(wish)
    left = wanted.left
    changes: list[FileChange] = []
    project = ProjectFiles(folder)
    for path in sorted(by_file):
        change = _changed(facts, project, path, by_file[path], left)
        if change is not None:
            changes.append(change)
    if count := held_back(facts, own):
        left.append(
            f"{count} column{'s hold' if count > 1 else ' holds'} personal data in a form that the "
            "policy doesn't allow there: no tag is written, `pii-lint check` says what to do."
        )
    return Fix(tuple(changes), tuple(left), _pastes(facts, own))


def _changed(
    facts: Facts, project: ProjectFiles, path: str, group: Sequence[Wish], left: list[str]
) -> FileChange | None:
    place = inside(project.root, path)
    if place is None or not files.real(place).is_relative_to(files.real(project.root)):
        left.append(f"{path} isn't edited: it lies outside of the project.")
        return None
    before = project.text(path)
    if before is None and project.exists(path):
        left.append(f"{path} isn't edited: it isn't UTF-8.")
        return None
    text = before or ""
    try:
        data = loaded(text)
    except Refused as reason:
        left.append(f"{path} isn't edited: {reason}.")
        return None
    edits = [edit for wish in group if (edit := _edit(facts, path, data, wish, left))]
    after = _together(text, edits)
    if after is None:
        # one of them can't be: find out which, and do the others
        after = text
        for edit in edits:
            try:
                after = rewritten(after, edit.put, edit.drop)
            except Refused as reason:
                called = facts.called(edit.wish.node.unique_id)
                left.append(
                    f"{path}: what it says of `{called}` isn't edited, for {reason}; "
                    f"it should say {_told(edit.wish)}."
                )
    return FileChange(path, place, before, after) if after != text else None


def _together(text: str, edits: Sequence[_Edit]) -> str | None:
    put: Tree = {}
    drop: Tree = {}
    try:
        for edit in edits:
            put = _joined(put, edit.put)
            drop = _joined(drop, edit.drop)
        return rewritten(text, put, drop)
    except Refused:
        return None


def _joined(one: Tree, other: Tree) -> Tree:
    both = with_tree(dict(one), other)
    return both if isinstance(both, dict) else one


def _edit(facts: Facts, path: str, data: object, wish: Wish, left: list[str]) -> _Edit | None:
    node = wish.node
    said = entry_of(node, data)
    if "versions" in said:
        left.append(
            f"{path}: what it says of `{node.name}` isn't edited, for it has versions; "
            f"it should say {_told(wish)}."
        )
        return None
    put: dict[str, object] = {}
    if wish.tag and TAG not in node.tags:
        put |= placed(facts, node, said, {"tags": [TAG]}, column=False)
    columns: list[Tree] = []
    for name, meta in wish.columns.items():
        there = column_of(said, name)
        called = str(there.get("name", name))
        wanted: Tree = {"tags": [TAG], "meta": meta} if "pii" in meta else {"meta": meta}
        columns.append({"name": called, **placed(facts, node, there, wanted, column=True)})
    if columns:
        put["columns"] = columns
    drop: dict[str, object] = {}
    config: dict[str, object] = {}
    if wish.tag is False:
        drop["tags"] = config["tags"] = [TAG]
    if wish.overstated:
        drop["meta"] = config["meta"] = ["contains_pii"]
    if config:
        drop["config"] = config
    if wish.clean:
        gone: Tree = {"tags": [TAG], "meta": _PERSONAL}
        drop["columns"] = [{"name": name, **gone, "config": gone} for name in wish.clean]
    rooted_drop = rooted(node, drop) if drop else {}
    if drop and without(data, rooted_drop) == data:
        left.append(
            f"{path} doesn't hold what has to go from `{facts.called(node.unique_id)}`: look into "
            "its SQL and dbt_project.yml, which `fix` never touches."
        )
    return _Edit(wish, rooted(node, put) if put else {}, rooted_drop)


def _told(wish: Wish) -> str:
    says: list[str] = []
    if wish.tag:
        says.append(f"the node tag `{TAG}`")
    if wish.tag is False:
        says.append(f"no node tag `{TAG}`")
    if wish.overstated:
        says.append("no `contains_pii: true`")
    for name, meta in wish.columns.items():
        words = ", ".join(
            f"{key}: {str(value).lower() if value is True else value}"
            for key, value in meta.items()
        )
        says.append(f"`{name}`: {words}")
    says += [f"no tag on `{name}`" for name in wish.clean]
    return "; ".join(says)


def _pastes(facts: Facts, nodes: Sequence[Node]) -> tuple[Paste, ...]:
    chosen = {node.unique_id for node in nodes}
    return tuple(
        Paste(
            path=node.path,
            columns=tuple(
                column.name
                for key, column in facts.inventory.relations[node.unique_id].columns.items()
                if key != WHOLE
            ),
            complete=not open_ended,
        )
        for node, _, open_ended in starred(facts)
        if node.unique_id in chosen
    )
