"""Is the manifest what today's files would give? Checked as far as dbt leaves traces of them."""

from __future__ import annotations

import fnmatch
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from pii_lint.artifacts.envelope import MANIFEST, shown
from pii_lint.artifacts.model import Node, Project
from pii_lint.artifacts.paths import ProjectFiles, inside, slashed
from pii_lint.artifacts.project_dir import Layout, read_layout
from pii_lint.errors import StaleManifest
from pii_lint.files import entries, is_folder, real

_NAMED = 3
_MACRO = re.compile(r"\{%-?\s*macro\s+([A-Za-z_]\w*)")
_UNVERIFIED = "YAML files, variables and the target can't be checked this way"


@dataclass(frozen=True, slots=True)
class Freshness:
    """The state, a sentence for the report, and the files that differ, from the project's root."""

    state: Literal["fresh", "stale", "unchecked"]
    sentence: str
    files: tuple[str, ...] = ()


def check_freshness(project: Project, project_dir: Path | None) -> Freshness:
    """Compare a manifest with the files of its project."""
    if project_dir is None:
        return Freshness(
            "unchecked",
            "The manifest's freshness could not be checked: its project's files are not beside it.",
        )
    files = ProjectFiles(project_dir)
    layout = read_layout(files)
    if layout is None or (layout.name is not None and layout.name != project.name):
        found = "unreadable" if layout is None else f"of project {shown(layout.name)!r}"
        return Freshness(
            "unchecked",
            f"The manifest of project {shown(project.name)!r} could not be checked for freshness: "
            f"the dbt_project.yml found is {found}.",
        )
    stale = sorted(
        {
            *(f"{path} (changed)" for path in _changed(project, files)),
            *(f"{path} (deleted)" for path in _deleted(project, files)),
            *(f"{path} (new)" for path in _added(project, files, layout)),
        }
    )
    if not stale:
        return Freshness(
            "fresh", f"The manifest matches the project's SQL files and macros; {_UNVERIFIED}."
        )
    more = f" and {len(stale) - _NAMED} more" if len(stale) > _NAMED else ""
    listed = ", ".join(shown(name) for name in stale[:_NAMED])
    return Freshness(
        "stale",
        f"The manifest is older than the project's files: {listed}{more}; {MANIFEST.remedy}.",
        tuple(name.rpartition(" ")[0] for name in stale),
    )


def with_freshness(project: Project, project_dir: Path | None) -> Project:
    """The project with its freshness noted; a stale manifest is refused."""
    freshness = check_freshness(project, project_dir)
    if freshness.state == "stale":
        raise StaleManifest(freshness.sentence, freshness.files)
    return replace(project, freshness=freshness.state)


def _own(project: Project) -> Iterator[Node]:
    """Nodes of the project itself with a file of their own; packages are pinned elsewhere."""
    for node in project.nodes.values():
        if (
            node.package == project.name
            and node.resource_type in ("model", "snapshot", "seed", "function")
            and node.path
            and not node.path.endswith((".yml", ".yaml"))
        ):
            yield node


def _changed(project: Project, files: ProjectFiles) -> Iterator[str]:
    rust = project.dbt_version.startswith("2.")
    for node in _own(project):
        if node.checksum:
            text = files.text(node.path)
            if not _same(node, text, rust) and files.exists(node.path):
                yield node.path
    for key, path in project.macro_paths.items():
        text = files.text(path)
        said = text is not None and _lines(project.macros.get(key, "")) in _lines(text)
        if not said and files.exists(path):
            yield path


def _deleted(project: Project, files: ProjectFiles) -> Iterator[str]:
    # a package, dbt's own among them, may be installed elsewhere
    own = f"macro.{project.name}."
    macros = {path for key, path in project.macro_paths.items() if key.startswith(own)}
    for path in {*(node.path for node in _own(project)), *macros}:
        if not files.exists(path):
            yield path


def _same(node: Node, text: str | None, rust: bool) -> bool:
    """dbt 1 hashes the stripped text; dbt 2 also the whole, or lower case without white space."""
    if text is None:
        return False
    plain, raw = _lines(text), _lines(node.raw_code or "").strip()
    if raw and raw == plain.strip():
        return True
    rules = [text.strip(), plain.strip()]
    if rust:
        rules += [text, "".join(text.split()).lower()]
        # a snapshot it hashes by a rule of its own, so its template is compared
        if node.resource_type == "snapshot" and raw and raw in plain:
            return True
    return any(hashlib.sha256(rule.encode()).hexdigest() == node.checksum for rule in rules)


def _lines(text: str) -> str:
    """Git may turn line ends on the way from one system to another; that changes no SQL."""
    return text.replace("\r\n", "\n")


def _added(project: Project, files: ProjectFiles, layout: Layout) -> Iterator[str]:
    known = {node.path for node in project.nodes.values()} | project.disabled_paths
    ignored = _Ignored(files.text(".dbtignore"))
    for folders, endings in (
        (layout.models, (".sql", ".py")),
        (layout.seeds, (".csv",)),
        (layout.snapshots, (".sql",)),
    ):
        for path in _walk(files.root, folders, endings):
            if path not in known and path not in ignored and _counts(path, files, layout):
                yield path
    for path in _walk(files.root, layout.macros, (".sql",)):
        names = _MACRO.findall(files.text(path) or "")
        if path not in ignored and any(
            f"macro.{project.name}.{name}" not in project.macros for name in names
        ):
            yield path


def _counts(path: str, files: ProjectFiles, layout: Layout) -> bool:
    """A snapshot file without a snapshot block gives dbt nothing to know."""
    snapshot = any(path.startswith(f"{folder}/") for folder in layout.snapshots)
    return not snapshot or re.search(r"\{%-?\s*snapshot\b", files.text(path) or "") is not None


def _walk(root: Path, folders: tuple[str, ...], endings: tuple[str, ...]) -> Iterator[str]:
    """Files below the folders, through links as dbt goes; a circle of links is gone round once."""
    waiting = [(slashed(folder), start) for folder in folders if (start := inside(root, folder))]
    seen: set[Path] = set()
    while waiting:
        below, place = waiting.pop()
        here = real(place)
        if here in seen or not is_folder(place):
            continue
        seen.add(here)
        for name, folder in entries(place):
            if folder:
                waiting.append((f"{below}/{name}", place / name))
            elif name.lower().endswith(endings):
                yield f"{below}/{name}"


class _Ignored:
    """`.dbtignore`, in the part of git's rules that people use there: globs, folders, comments."""

    def __init__(self, text: str | None) -> None:
        lines = (line.strip() for line in (text or "").splitlines())
        self._patterns = [line.strip("/") for line in lines if line and line[0] not in "#!"]

    def __contains__(self, path: str) -> bool:
        parts = path.split("/")
        heads = ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]
        return any(
            fnmatch.fnmatchcase(candidate, pattern)
            for pattern in self._patterns
            for candidate in (*heads, *parts)
        )
