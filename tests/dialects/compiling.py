"""This repository's dbt project as SQL of any engine, written without a connection."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, chdir, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from unittest.mock import patch

from tests.warehouse import REPOSITORY

ANALYSES = Path(__file__).parent / "analyses"
TARGETS = {
    "duckdb": "dev",
    "snowflake": "snowflake_prod",
    "bigquery": "bigquery_prod",
    "databricks": "databricks_prod",
    "redshift": "redshift_prod",
    "trino": "trino_prod",
}
CLOUDS = tuple(TARGETS)[1:]


class Environ(dict[str, str]):
    """What the example profile asks for: its own names, which open nothing anywhere."""

    def __init__(self, **more: str) -> None:
        text = (REPOSITORY / "profiles.example.yml").read_text(encoding="utf-8")
        asked = {part.split("'")[0] for part in text.split("env_var('")[1:]}
        super().__init__({name: name.lower() for name in asked})
        kept = {name: os.environ[name] for name in ("HOME", "PATH") if name in os.environ}
        self |= {
            "POSTGRES_PORT": "5432",
            "SPARK_PORT": "10000",
            "TRINO_PORT": "443",
            **kept,
            **more,
        }


@dataclass(frozen=True)
class Compiled:
    """What dbt wrote for one engine."""

    engine: str
    home: Path
    manifests: tuple[Path, ...]
    nodes: Mapping[str, str]
    """What each node compiles to; a hook that has nothing to do compiles to nothing."""
    asked: tuple[str, ...]
    """What macros put to the warehouse: queries and grants."""

    @cached_property
    def statements(self) -> dict[str, str]:
        """All SQL by what it stands in; a later run of an incremental model has its own name."""
        found = {name: code for name, code in self.nodes.items() if code.strip()}
        queries = [sql for sql in self.asked if sql.lstrip().startswith("select")]
        return found | {f"asked {at}": sql for at, sql in enumerate(queries)}


def copied(home: Path) -> Path:
    """The project as cloned, its package installed, with a few analyses more."""
    for part in ("models", "macros", "seeds", "snapshots", "tests/dbt"):
        shutil.copytree(REPOSITORY / part, home / part)
    shutil.copytree(REPOSITORY / "dbt_package", home / "dbt_packages" / "pii_lint")
    shutil.copytree(ANALYSES, home / "analyses")
    for file in ("packages.yml", "package-lock.yml", "pii_lint.yml"):
        shutil.copy(REPOSITORY / file, home)
    project = (REPOSITORY / "dbt_project.yml").read_text(encoding="utf-8")
    (home / "dbt_project.yml").write_text(
        project.replace("analysis-paths: []", "analysis-paths: [analyses]"), encoding="utf-8"
    )
    shutil.copy(REPOSITORY / "profiles.example.yml", home / "profiles.yml")
    return home


def compiled(engine: str, home: Path, environ: Mapping[str, str]) -> Compiled:
    """Both branches of each incremental model, and all else once."""
    # imported here, for it takes seconds and needs an extra
    from dbt.adapters.factory import FACTORY
    from dbt.cli.main import dbtRunner

    nodes: dict[str, str] = {}
    manifests = []
    asked: list[str] = []
    with chdir(home), patch.dict(os.environ, environ, clear=True), ExitStack() as stack:
        here = ("--target", TARGETS[engine], "--threads", "1", "--log-level", "none")
        parsed = dbtRunner().invoke(["parse", "--no-partial-parse", *here])
        assert parsed.success, repr(parsed.exception)
        manifest = parsed.result
        adapter = FACTORY.get_adapter_class_by_name(engine)
        stack.enter_context(foretold(adapter, manifest, asked))
        for branch, chosen in (
            ("false", ()),
            ("true", ("--select", "config.materialized:incremental")),
        ):
            target = f"target/{engine}-{branch}"
            done = dbtRunner(manifest=manifest).invoke(
                [
                    *("compile", *here, *chosen, "--target-path", target),
                    *("--no-introspect", "--no-populate-cache"),
                    *("--vars", f"pii_lint_incremental: {branch}"),
                ]
            )
            assert done.success, (
                repr(done.exception)
                if done.exception
                else [each.message for each in done.result.results if each.message]
            )
            name = f" ({branch})" if branch == "true" else ""
            for each in done.result.results:
                nodes[f"{each.node.unique_id}{name}"] = each.node.compiled_code or ""
            manifests.append(home / target / "manifest.json")
    return Compiled(engine, home, tuple(manifests), nodes, tuple(dict.fromkeys(asked)))


@contextmanager
def foretold(adapter: Any, manifest: Any, asked: list[str]) -> Iterator[None]:
    """A warehouse in which every mart stands as its contract says, and the salt is sound."""
    import agate
    from dbt.adapters.contracts.connection import AdapterResponse

    columns = {
        (node.schema.lower(), node.alias.lower()): node.columns.values()
        for node in manifest.nodes.values()
        if node.resource_type == "model"
    }

    def get_relation(self: Any, database: str, schema: str, identifier: str) -> Any:
        return self.Relation.create(database=database, schema=schema, identifier=identifier)

    def get_columns_in_relation(self: Any, relation: Any) -> list[Any]:
        declared = columns[relation.schema.lower(), relation.identifier.lower()]
        # Snowflake answers in the case that it keeps names in
        case = str.upper if adapter.type() == "snowflake" else str
        return [self.Column.create(case(each.name), each.data_type) for each in declared]

    def execute(self: Any, sql: str, *_: Any, **__: Any) -> Any:
        asked.append(sql)
        return AdapterResponse("OK"), agate.Table([(1, 1, 1)], ["salts", "given", "sound"])

    with (
        patch.object(adapter, "get_relation", get_relation),
        patch.object(adapter, "get_columns_in_relation", get_columns_in_relation),
        patch.object(adapter, "execute", execute),
    ):
        yield
