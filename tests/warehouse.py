"""The warehouse of this repository, made with a real dbt in this process."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from contextlib import chdir
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from unittest.mock import patch

if TYPE_CHECKING:
    from dbt.cli.main import dbtRunnerResult

REPOSITORY = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class Warehouse:
    """A dbt project in a folder of its own, with its database file beside it."""

    project_dir: Path
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)
    # what a target other than DuckDB asks for

    @property
    def target_dir(self) -> Path:
        return self.project_dir / "target"

    @property
    def logs_dir(self) -> Path:
        return self.project_dir / "logs"

    @property
    def database(self) -> Path:
        return self.project_dir / "acme.duckdb"

    def run(self, args: Sequence[str]) -> dbtRunnerResult:
        """One dbt command, typed in the project's folder by somebody without any credential."""
        # imported here, for it takes seconds and needs an extra
        from dbt.adapters.duckdb.connections import DuckDBConnectionManager
        from dbt.cli.main import dbtRunner

        kept = {name: os.environ[name] for name in ("HOME", "PATH") if name in os.environ}
        kept |= self.environ
        try:
            with (
                chdir(self.project_dir),
                patch.dict(os.environ, kept, clear=True),
            ):
                return dbtRunner().invoke([*args])
        finally:
            # or the next project, whose profile reads the same, would get this one's database
            DuckDBConnectionManager.close_all_connections()

    def query(self, sql: str) -> list[tuple[object, ...]]:
        """The rows of a query; a statement that changes data may be one."""
        import duckdb

        with duckdb.connect(str(self.database)) as connection:
            return connection.execute(sql).fetchall()

    def edit(self, path: str, old: str, new: str) -> None:
        """Change a file of the project."""
        file = self.project_dir / path
        text = file.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{path} holds this text {text.count(old)} times"
        file.write_text(text.replace(old, new), encoding="utf-8")


def bare(folder: Path) -> Warehouse:
    """The project as cloned, with its profile, parsed: no table, no salt."""
    for part in ("models", "macros", "dbt_package", "seeds", "snapshots", "tests/dbt"):
        shutil.copytree(REPOSITORY / part, folder / part)
    for file in ("dbt_project.yml", "packages.yml", "package-lock.yml"):
        shutil.copy(REPOSITORY / file, folder)
    shutil.copy(REPOSITORY / "profiles.example.yml", folder / "profiles.yml")
    warehouse = Warehouse(folder)
    assert warehouse.run(["deps"]).success
    # parsed once, so that a copy parses only what it changes
    assert warehouse.run(["parse"]).success
    return warehouse


def built(parsed: Warehouse, folder: Path) -> Warehouse:
    """A copy with raw tables, a salt, every model built and tested, docs written."""
    from pii_lint.warehouse.duckdb_store import DuckDBStore
    from pii_lint.warehouse.salt import init

    warehouse = Warehouse(folder)
    shutil.copytree(parsed.project_dir, warehouse.project_dir)
    assert warehouse.run(["seed", "--vars", "load_raw: true"]).success
    init(DuckDBStore(warehouse.database))
    assert warehouse.run(["build"]).success
    assert warehouse.run(["docs", "generate", "--static"]).success
    return warehouse
