"""A dbt project's sources and a DuckDB file, to load from a real PostgreSQL."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pii_lint.cli import main
from tests.postgres.server import Database

Column = str | Mapping[str, object]


@dataclass
class Rig:
    """What a project declares, where it goes, and the command that brings it there."""

    folder: Path
    source: Database
    capsys: pytest.CaptureFixture[str]
    environment: dict[str, str]
    tables: dict[str, dict[str, object]] = field(default_factory=dict)

    @property
    def file(self) -> Path:
        return self.folder / "raw.duckdb"

    def declare(self, name: str, columns: Sequence[Column], **settings: object) -> None:
        """A source's table; a column may be its name alone. `from_` is `from`."""
        listed = [{"name": each} if isinstance(each, str) else dict(each) for each in columns]
        given = {key.rstrip("_"): value for key, value in settings.items()}
        self.tables[name] = {
            "name": name,
            "resource_type": "source",
            "package_name": "shop",
            "original_file_path": "models/raw/src.yml",
            "database": "raw",
            "schema": "main",
            "identifier": name,
            "columns": {str(each["name"]): each for each in listed},
            "config": {"meta": {"pii_lint_sync": given or True}},
        }

    def unique(self, table: str, column: str) -> None:
        """A dbt test that says so."""
        self.tables[f"{table}.unique"] = {
            "name": f"unique_{table}_{column}",
            "resource_type": "test",
            "package_name": "shop",
            "test_metadata": {"name": "unique", "kwargs": {"column_name": column}},
            "attached_node": None,
            "depends_on": {"nodes": [f"source.shop.raw.{table}"]},
        }

    def manifest(self) -> Path:
        """As `dbt parse` writes it, in the part that is read."""
        sources = {
            f"source.shop.raw.{key}": each
            for key, each in self.tables.items()
            if each["resource_type"] == "source"
        }
        tests = {
            f"test.shop.{key}": each
            for key, each in self.tables.items()
            if each["resource_type"] == "test"
        }
        content = {
            "metadata": {
                "dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v12.json",
                "project_name": "shop",
                "adapter_type": "duckdb",
            },
            "nodes": tests,
            "sources": sources,
        }
        path = self.folder / "target" / "manifest.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(content), "utf-8")
        return path

    def arguments(self, *more: str) -> list[str]:
        self.manifest()
        return ["sync", "--project-dir", str(self.folder), "--database", str(self.file), *more]

    def sync(self, *more: str, code: int = 0) -> str:
        """What the command prints, whatever it is told through."""
        with pytest.MonkeyPatch.context() as patch:
            for name in [each for each in os.environ if each.startswith("PG")]:
                patch.delenv(name)
            for name, value in self.environment.items():
                patch.setenv(name, value)
            self.capsys.readouterr()
            ended = main(self.arguments(*more))
        told = self.capsys.readouterr()
        assert ended == code, told.out + told.err
        return told.out + told.err

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        """What stands in the warehouse."""
        import duckdb

        with duckdb.connect(str(self.file), read_only=True) as connection:
            connection.execute("set TimeZone = 'UTC'")
            return connection.execute(sql).fetchall()
