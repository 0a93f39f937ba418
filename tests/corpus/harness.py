"""The corpus's world as a dbt project, and as a DuckDB database in which one personal column can
be changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import yaml

from pii_lint.artifacts.model import Column, Node, Project
from pii_lint.artifacts.project_dir import loader
from pii_lint.config import load_config
from pii_lint.data.registry import load_registry
from pii_lint.labels import MANY, Form, Label
from pii_lint.lineage import OWN_FAULT
from pii_lint.propagation.inventory import Inventory
from pii_lint.propagation.link import trace

HERE = Path(__file__).parent
DATABASE = "world"
SCHEMA = "base"


@cache
def world() -> Mapping[str, Mapping[str, Mapping[str, Any]]]:
    """relation -> column -> attributes, as world.yml has them."""
    return yaml.load((HERE / "world.yml").read_text(), loader())  # noqa: S506 - a safe one


@dataclass(frozen=True)
class Case:
    """One behaviour: models in order, and the labels that the last one's columns must carry."""

    name: str
    models: Mapping[str, str]
    expect: Mapping[str, str]
    dialect: str = "duckdb"
    steady: Mapping[str, str] = field(default_factory=dict)
    # column -> why it is clear although no change of data can move it
    xfail: str | None = None
    runs: bool = True
    # False: the oracle doesn't run it, with the reason in `because`
    because: str = ""


def load_cases(path: Path) -> Iterator[Case]:
    """The cases of one file."""
    # every process that collects the tests reads all files
    for entry in yaml.load(path.read_text(), loader()) or ():  # noqa: S506 - a safe one
        models = entry.get("models") or {"out": entry["sql"]}
        yield Case(
            name=f"{path.stem}: {entry['name']}",
            models=models,
            expect=entry["expect"],
            dialect=entry.get("dialect", "duckdb"),
            steady=entry.get("steady", {}),
            xfail=entry.get("xfail"),
            runs=entry.get("runs", True) and entry.get("dialect", "duckdb") == "duckdb",
            because=entry.get("because", ""),
        )


def all_cases() -> list[Case]:
    """Every case of the corpus."""
    return [case for path in sorted((HERE / "lineage").glob("*.yml")) for case in load_cases(path)]


# --- the world as a dbt project ------------------------------------------------------------------


def relation_name(name: str, dialect: str) -> str:
    """A relation's name as dbt renders it for an adapter."""
    if dialect == "snowflake":
        return f"{DATABASE}.{SCHEMA}.{name}".upper()
    if dialect in ("bigquery", "databricks"):
        return f"`{DATABASE}`.`{SCHEMA}`.`{name}`"
    if dialect == "spark":
        return f"{SCHEMA}.{name}"
    return f'"{DATABASE}"."{SCHEMA}"."{name}"'


def source_id(name: str) -> str:
    """The unique_id of a relation of the world."""
    return f"source.corpus.raw.{name}"


def model_id(name: str) -> str:
    """The unique_id of a case's model."""
    return f"model.corpus.{name}"


def project(models: Mapping[str, str], dialect: str = "duckdb") -> Project:
    """A project of the world's sources and these models, in this dialect."""
    adapter = {"tsql": "sqlserver"}.get(dialect, dialect)
    nodes: dict[str, Node] = {}
    for name, columns in world().items():
        declared = {column: _column(column, about) for column, about in columns.items()}
        nodes[source_id(name)] = Node(
            unique_id=source_id(name),
            resource_type="source",
            name=name,
            package="corpus",
            path="models/sources.yml",
            relation_name=relation_name(name, dialect),
            columns=declared,
            columns_complete=True,
            meta={"secret": True} if any(c.get("secret") for c in columns.values()) else {},
        )
    for name, sql in models.items():
        nodes[model_id(name)] = Node(
            unique_id=model_id(name),
            resource_type="model",
            name=name,
            package="corpus",
            path=f"models/{name}.sql",
            relation_name=relation_name(name, dialect),
            materialized="table",
            raw_code=sql,
            compiled_code=sql,
        )
    return Project(name="corpus", adapter_type=adapter, dbt_version="1.11.16", nodes=nodes)


def _column(name: str, about: Mapping[str, Any]) -> Column:
    meta: dict[str, object] = {}
    if "kind" in about:
        meta = {"pii": True, "pii_type": about["kind"]}
    if "keys" in about:
        meta = {"pii_keys": about["keys"]}
    if "form" in about:
        meta["pii_form"] = about["form"]
    references = ()
    if "references" in about:
        table, column = about["references"].split(".")
        references = ((source_id(table), column),)
    return Column(
        name,
        data_type=about["type"],
        tags=frozenset({"pii"}) if "kind" in about else frozenset(),
        meta=meta,
        unique=bool(about.get("unique")),
        references=references,
    )


def inventory(
    models: Mapping[str, str], dialect: str = "duckdb", *, remember: bool = False
) -> Inventory:
    """The labels of the world and these models."""
    found = trace([project(models, dialect)], load_config(), load_registry(None), remember=remember)
    faults = [spot.reason for facts in found.relations.values() for spot in facts.blind]
    assert not [reason for reason in faults if reason.startswith(OWN_FAULT)]
    return found


def word(label: Label) -> str:
    """A label as the corpus writes it: `users.email=clear`, `unknown`."""
    if label.form is Form.UNKNOWN and label.kind == "unknown":
        return "unknown"
    if label.kind == "secret":
        return "secret"
    origin = f"{label.origin.node.rpartition('.')[2]}.{label.origin.column}"
    if label.equated:
        return f"{origin}=equated"
    if label.form is Form.STATISTIC and label.part == MANY:
        return f"{origin}=many"
    return f"{origin}={label.form.word}"


def labels(case: Case, model: str | None = None) -> dict[str, set[str]]:
    """The labels per column of a case's last model (or another), as the corpus writes them."""
    facts = inventory(case.models, case.dialect).relations[model_id(model or list(case.models)[-1])]
    return {key: {word(label) for label in column.labels} for key, column in facts.columns.items()}


# --- the world as a database ---------------------------------------------------------------------


def personal_columns() -> list[tuple[str, str, str]]:
    """(relation, column, JSON key or "") of everything personal in the world."""
    found = []
    for relation, columns in world().items():
        for column, about in columns.items():
            if "kind" in about:
                found.append((relation, column, ""))
            found += [(relation, column, key) for key in about.get("keys", ())]
    return found


def altered(value: Any, about: Mapping[str, Any], key: str, index: int, *, keep: bool) -> Any:
    """Another value: of the same pattern (equality, order, null), or with the pattern broken."""
    if key:
        return _altered_json(value, key, index, keep=keep)
    if value is None:
        return None if keep else _fresh(about["type"], index)
    if not keep and index == 0:
        return None
    kind = about["type"]
    if kind == "boolean":
        return value if keep else not value
    if kind == "integer":
        return value + 13 if keep else value * (2 if index % 2 else -3) + 1
    if kind == "date":
        moved = value if isinstance(value, date) else date.fromisoformat(str(value))
        return moved + (timedelta(days=3700) if keep else timedelta(days=-400 * (index + 1) - 17))
    if keep:
        return (
            "q"
            + "".join(chr(ord(c) + 1) if c.isalnum() and c not in "9zZ" else c for c in str(value))
            + "w"
        )
    return (
        f"{index}x{hashlib.sha256(str(value).encode()).hexdigest()[: 9 + index]}@{'z' * index}.net"
    )


def _fresh(kind: str, index: int) -> Any:
    return {"integer": 77 + index, "boolean": True, "date": date(1999, 9, 9)}.get(
        kind, f"new{index}@example.net"
    )


def _altered_json(text: str, key: str, index: int, *, keep: bool) -> str:
    def change(node: Any) -> Any:
        if isinstance(node, dict):
            return {k: _other(v, index, keep) if k == key else change(v) for k, v in node.items()}
        return [change(item) for item in node] if isinstance(node, list) else node

    return json.dumps(change(json.loads(text)))


def _other(value: Any, index: int, keep: bool) -> Any:
    if keep:
        return None if value is None else f"q{value}w"
    return f"other{index}" if value is None or index else None


class Database:
    """One connection; every altered copy of the world is a schema of its own."""

    def __init__(self) -> None:
        self.connection = duckdb.connect(":memory:")
        self.connection.execute("set memory_limit = '1GB'; set temp_directory = ''")
        self.connection.execute(f"attach ':memory:' as {DATABASE}")
        self.connection.execute(f"use {DATABASE}")
        self._create(SCHEMA, None, keep=True)
        self.copies: list[tuple[str, tuple[str, str, str]]] = []
        for number, personal in enumerate(personal_columns()):
            for keep in (True, False):
                name = f"{'kept' if keep else 'broken'}_{number}"
                self._create(name, personal, keep=keep)
                self.copies.append((name, personal))

    def _create(self, schema: str, personal: tuple[str, str, str] | None, *, keep: bool) -> None:
        self.connection.execute(f"create schema {schema}")
        for relation, columns in world().items():
            types = ", ".join(f"{name} {about['type']}" for name, about in columns.items())
            self.connection.execute(f"create table {schema}.{relation} ({types})")
            series = []
            for column, about in columns.items():
                cells = list(about["values"])
                if personal is not None and personal[:2] == (relation, column):
                    cells = [
                        altered(v, about, personal[2], i, keep=keep) for i, v in enumerate(cells)
                    ]
                series.append(cells)
            rows = [list(row) for row in zip(*series, strict=True)]
            marks = ", ".join("?" for _ in columns)
            self.connection.executemany(f"insert into {schema}.{relation} values ({marks})", rows)

    def run(self, models: Mapping[str, str], schema: str) -> dict[str, list[str]]:
        """The last model's columns, each as the sorted texts of its values."""
        self.connection.execute(f"use {DATABASE}.{schema}")
        names = list(models)
        try:
            for name in names:
                sql = (
                    models[name]
                    .replace(f"{SCHEMA}.", f"{schema}.")
                    .replace(f'"{SCHEMA}".', f'"{schema}".')
                )
                self.connection.execute(f'create or replace table {schema}."{name}" as ({sql})')
            result = self.connection.execute(f'select * from {schema}."{names[-1]}"')
            heads = [d[0].lower() for d in result.description]
            rows = result.fetchall()
        finally:
            for name in names:
                self.connection.execute(f'drop table if exists {schema}."{name}"')
        return {head: sorted(repr(row[i]) for row in rows) for i, head in enumerate(heads)}

    def moved(self, models: Mapping[str, str]) -> dict[str, set[str]]:
        """column -> origins whose change moves it."""
        base = self.run(models, SCHEMA)
        found: dict[str, set[str]] = {column: set() for column in base}
        for schema, (relation, column, _) in self.copies:
            try:
                other = self.run(models, schema)
            except duckdb.Error:
                # the changed data makes the query fail: error messages are out of scope
                continue
            for name in base.keys() | other.keys():
                if base.get(name) != other.get(name):
                    found.setdefault(name, set()).add(f"{relation}.{column}")
        return found
