"""Compiled SQL that dbt wrote to files only: microbatch models of dbt 1, every model of dbt 2."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath

from pii_lint import files
from pii_lint.artifacts import shapes
from pii_lint.artifacts.paths import inside, slashed

_CLOCK = timedelta(seconds=2)
# a file's time stamp may be coarser than the manifest's


class CompiledFiles:
    """The `compiled` folder beside a manifest.

    A file older than the manifest doesn't count: after `dbt build`, an edit and `dbt parse`
    it holds the SQL of before the edit.
    """

    def __init__(self, target: Path, written: datetime | None, *, rust: bool) -> None:
        self._target = target
        self._written = written
        self._rust = rust
        self.searched = False
        # whether any file was looked for

    def path(self, node: shapes.Node) -> str:
        """Where a node's compiled SQL lies, from the project's root."""
        stated = slashed(node.compiled_path or "")
        absolute = stated.startswith("/") or ":" in stated.partition("/")[0]
        return f"{self._target.name}/{self._below(node)}" if absolute or not stated else stated

    @staticmethod
    def _below(node: shapes.Node) -> str:
        """The same from the target folder."""
        parts = PurePosixPath(slashed(node.compiled_path or "")).parts
        if "compiled" in parts:
            return str(PurePosixPath(*parts[parts.index("compiled") :]))
        return f"compiled/{node.package_name}/{slashed(node.original_file_path or '')}"

    def find(self, node: shapes.Node) -> tuple[str, str] | None:
        """The file (from the project's root) and its SQL."""
        microbatch = node.config is not None and node.config.incremental_strategy == "microbatch"
        if not node.original_file_path or not (microbatch or self._rust):
            return None
        self.searched = True
        for path in self._candidates(node, microbatch=microbatch):
            if self._current(path, node) and (sql := _text(path)) is not None:
                below = path.relative_to(self._target).as_posix()
                return f"{self._target.name}/{below}", sql
        return None

    def _candidates(self, node: shapes.Node, *, microbatch: bool) -> list[Path]:
        # dbt 2 may leave the package out
        names = [self._below(node), f"compiled/{slashed(node.original_file_path or '')}"]
        paths = [path for name in names if (path := inside(self._target, name))]
        if microbatch:
            # one file a batch; the newest is the one that later runs resemble
            paths += [batch for path in paths for batch in _batches(path.with_suffix(""))]
        return [path for path in paths if files.is_file(path)]

    def _current(self, path: Path, node: shapes.Node) -> bool:
        made = datetime.fromtimestamp(files.modified(path), UTC)
        if self._written is not None and made + _CLOCK >= self._written:
            return True
        # dbt 2 may stamp the manifest after it compiled: then newer than its template will do
        source = inside(self._target.parent, slashed(node.original_file_path or ""))
        return (
            self._rust
            and source is not None
            and files.is_file(source)
            and files.modified(path) >= files.modified(source)
        )


def _batches(folder: Path) -> list[Path]:
    """The newest first."""
    names = [name for name, _ in files.entries(folder) if name.endswith(".sql")]
    return [folder / name for name in sorted(names, reverse=True)]


def _text(path: Path) -> str | None:
    try:
        return files.read(path).decode("utf-8")
    except (OSError, UnicodeDecodeError):
        return None
