"""A dbt project on disk, as `dbt compile` would leave it: manifest, policy, templates."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

EMAIL = {"pii": True, "pii_type": "email"}
POLICY = "version: 1\n"


@dataclass(frozen=True)
class Shop:
    """One state of a shop's project; `written` puts it into a folder."""

    home: Path
    columns: dict[str, dict[str, Any]] = field(
        default_factory=lambda: {
            "email": EMAIL,
            "phone": {"pii": True, "pii_type": "phone"},
            "country": {"pii": False},
        }
    )
    mart: str = "select country from shop.main.stg"
    staging: str = "select email, phone, country from shop.raw.people"
    folder: str = "marts/safe"
    policy: str | None = POLICY
    meta: dict[str, dict[str, Any]] = field(default_factory=dict)
    # of the mart's columns
    exposure: dict[str, Any] | None = None
    name: str = "shop"
    macros: tuple[str, ...] = ()

    def but(self, **changes: Any) -> Shop:
        """Another state, in a folder of its own."""
        number = sum(1 for _ in self.home.parent.glob(f"{self.home.name.split('-')[0]}-*"))
        home = self.home.parent / f"{self.home.name.split('-')[0]}-{number + 1}"
        return replace(self, home=home, **changes).written()

    def written(self) -> Shop:
        """The state on disk."""
        (self.home / "target").mkdir(parents=True)
        # another name: nothing here was made by dbt, so nothing can be checked for freshness
        (self.home / "dbt_project.yml").write_text("name: a_fixture\n", "utf-8")
        if self.policy is not None:
            (self.home / "pii_lint.yml").write_text(self.policy, "utf-8")
        self.manifest.write_text(json.dumps(self._manifest()), "utf-8")
        return self

    @property
    def manifest(self) -> Path:
        return self.home / "target/manifest.json"

    @property
    def uid(self) -> str:
        return f"model.{self.name}.reach"

    def _manifest(self) -> object:
        return {
            "metadata": {
                "dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v12.json",
                "dbt_version": "1.11.16",
                "adapter_type": "duckdb",
                "project_name": self.name,
            },
            "nodes": {
                f"model.{self.name}.stg": self._model("stg", "staging", self.staging)
                | {"tags": ["pii"]},
                self.uid: self._model("reach", self.folder, self.mart)
                | {"columns": {n: {"name": n, "meta": m} for n, m in self.meta.items()}},
            },
            "sources": {
                f"source.{self.name}.raw.people": {
                    "resource_type": "source",
                    "name": "people",
                    "package_name": self.name,
                    "original_file_path": "models/raw.yml",
                    "database": "shop",
                    "schema": "raw",
                    "identifier": "people",
                    "tags": ["pii"],
                    "relation_name": '"shop"."raw"."people"',
                    "columns": {n: {"name": n, "meta": m} for n, m in self.columns.items()},
                }
            },
            "macros": {},
            "exposures": {f"exposure.{self.name}.mail": self.exposure} if self.exposure else {},
        }

    def _model(self, name: str, folder: str, sql: str) -> dict[str, Any]:
        return {
            "resource_type": "model",
            "name": name,
            "package_name": self.name,
            "original_file_path": f"models/{folder}/{name}.sql",
            "database": "shop",
            "schema": "main",
            "alias": name,
            "relation_name": f'"shop"."main"."{name}"',
            "raw_code": sql,
            "compiled": True,
            "compiled_code": sql,
            "config": {"materialized": "incremental"},
            "depends_on": {
                "macros": list(self.macros),
                "nodes": [
                    uid
                    for named, uid in (
                        ("shop.raw.people", f"source.{self.name}.raw.people"),
                        ("shop.main.stg", f"model.{self.name}.stg"),
                    )
                    if named in sql
                ],
            },
        }


@pytest.fixture
def shop(tmp_path: Path) -> Callable[..., Shop]:
    """Write a state of the project."""
    return lambda **changes: Shop(tmp_path / "state").but(**changes)
