"""The corpus's world with any personal columns altered at once: every variant of a column stands in
one wide table, and views choose among them."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import date, datetime
from typing import Any

import duckdb

from tests.corpus.harness import DATABASE, SCHEMA, altered, personal_columns, world

SECONDS = 3
VARIANTS = ("kept", "broken", "swapped", "merged")
"""Equality, order and nulls kept; all of them broken; each row with its neighbour's value; all rows
with one value."""
SALTS = ("0" * 64, "c0ffee" * 11, "5e" * 32)
SALT = "salts.salt"
Models = Mapping[str, str]
Choice = Mapping[str, str]
"""Origin -> variant."""
Output = dict[str, Counter[str]]


def origins() -> dict[str, list[str]]:
    """Every personal column of the world, with its personal JSON keys."""
    found: dict[str, list[str]] = {}
    for relation, column, key in personal_columns():
        found.setdefault(f"{relation}.{column}", []).extend([key] if key else [])
    return found


def variants(origin: str) -> dict[str, list[Any]]:
    """The altered values of a personal column."""
    relation, column = origin.split(".")
    about = world()[relation][column]
    plain = list(about["values"])
    keys = origins()[origin]
    found: dict[str, list[Any]] = {}
    for name, keep in (("kept", True), ("broken", False)):
        values = plain
        for key in keys or [""]:
            values = [altered(v, about, key, i, keep=keep) for i, v in enumerate(values)]
        found[name] = values
    if not keys:
        # of a JSON value only the keys are personal, so whole values can't be swapped
        found["swapped"] = [*plain[1:], plain[0]]
        found["merged"] = [plain[1]] * len(plain)
    return found


class Copies:
    """One connection; schemas of views that show the world altered as they are asked."""

    def __init__(self) -> None:
        self._open()

    def _open(self) -> None:
        self.connection = duckdb.connect(":memory:")
        self.connection.execute(
            "set memory_limit = '1GB'; set temp_directory = ''; set threads = 1;"
            "set order_by_non_integer_literal = true"
        )
        self.connection.execute(f"attach ':memory:' as {DATABASE}; use {DATABASE}")
        self.connection.execute("create schema wide")
        for relation in world():
            self._fill(relation)
        self.schemas: dict[tuple[tuple[str, str], ...], str] = {}
        self.schema({})

    def _fill(self, relation: str) -> None:
        types, series = [], []
        for column, about in world()[relation].items():
            origin = f"{relation}.{column}"
            cells: dict[str, list[Any]] = {column: list(about["values"])}
            if origin in origins():
                cells |= {f"{column}_{name}": vs for name, vs in variants(origin).items()}
            if origin == SALT:
                cells |= {f"{column}_{n}": [salt] for n, salt in enumerate(SALTS)}
            types += [f"{name} {about['type']}" for name in cells]
            series += list(cells.values())
        self.connection.execute(f"create table wide.{relation} ({', '.join(types)})")
        marks = ", ".join("?" for _ in types)
        rows = [list(row) for row in zip(*series, strict=True)]
        self.connection.executemany(f"insert into wide.{relation} values ({marks})", rows)

    def schema(self, choice: Choice) -> str:
        """The schema that shows the world so."""
        key = tuple(sorted(choice.items()))
        if key in self.schemas:
            return self.schemas[key]
        name = f"copy_{len(self.schemas)}" if choice else SCHEMA
        self.connection.execute(f"create schema {name}")
        for relation, columns in world().items():
            chosen = ", ".join(
                f"{column}_{choice[origin]} as {column}" if origin in choice else column
                for column in columns
                for origin in [f"{relation}.{column}"]
            )
            self.connection.execute(
                f"create view {name}.{relation} as select {chosen} from wide.{relation}"
            )
        self.schemas[key] = name
        return name

    def output(self, models: Models, choice: Choice) -> Output:
        """The last model's columns, each with its values as texts. Raises `duckdb.Error`."""
        try:
            return self._output(models, choice)
        except (duckdb.InternalException, duckdb.FatalException):
            # a fault of DuckDB's own makes the connection useless
            self._open()
            raise

    def _output(self, models: Models, choice: Choice) -> Output:
        schema = self.schema(choice)
        self.connection.execute(f"use {DATABASE}.{schema}")
        *before, last = models
        made = []
        timer = threading.Timer(SECONDS, self.connection.interrupt)
        timer.start()
        try:
            for name in before:
                sql = _within(models[name], schema)
                self.connection.execute(f"create view {schema}.{name} as ({sql})")
                made.append(name)
            result = self.connection.execute(f"select * from ({_within(models[last], schema)})")
            heads = [d[0].lower() for d in result.description]
            rows = result.fetchall()
        finally:
            timer.cancel()
            timer.join()
            with suppress(duckdb.FatalException):
                for name in reversed(made):
                    self.connection.execute(f"drop view {schema}.{name}")
        return {head: Counter(text(row[i]) for row in rows) for i, head in enumerate(heads)}


def _within(sql: str, schema: str) -> str:
    return sql.replace(f"{SCHEMA}.", f"{schema}.")


def text(value: Any) -> str:
    """A value to compare by: the last digits of a float depend on the order of addition."""
    if isinstance(value, float):
        return f"{value:.9g}"
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return f"[{', '.join(text(v) for v in value)}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{k}: {text(v)}' for k, v in value.items())}}}"
    return "null" if value is None else str(value)


def canaries(origin: str) -> Iterator[str]:
    """What of a column altered as `kept` can be recognised in an output."""
    for value in variants(origin)["kept"]:
        if isinstance(value, date):
            yield value.isoformat()
        elif isinstance(value, str) and not origins()[origin]:
            yield value
        elif isinstance(value, str):
            # the harness marks what stands under a JSON key with q…w
            yield from (p for p in value.split('"') if p.startswith("q") and p.endswith("w"))
