"""What a changed personal value moves, held against the labels that the engine gives."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import duckdb

from pii_lint.propagation.inventory import ColumnFacts, RelationFacts
from tests.corpus.harness import (
    DATABASE,
    SCHEMA,
    Database,
    altered,
    inventory,
    model_id,
    word,
    world,
)

SECONDS = 3
SALTS = ("0" * 64, "c0ffee" * 11, "5e" * 32)
CANARY = 6
"""Characters from which on a value found in an output can be no coincidence."""
Models = Mapping[str, str]
Output = dict[str, Counter[str]]


@dataclass(frozen=True, slots=True)
class Miss:
    """A column that shows what its labels deny. `why` is `moves`, `holds`, `unmasked` or
    `shape`."""

    why: str
    column: str
    origin: str

    def __str__(self) -> str:
        return f"{self.column} {MEANING[self.why]} {self.origin}".strip()


MEANING = {
    "moves": "changes with the unlabelled",
    "holds": "holds in clear what is labelled otherwise:",
    "unmasked": "passes as a pseudonym but doesn't depend on the salt:",
    "shape": "is a column that only one of engine and analyser has",
    "crash": "the analyser failed:",
}


class Oracle(Database):
    """The altered copies, and further ones: values swapped between rows, other salts."""

    def __init__(self) -> None:
        super().__init__()
        self.connection.execute("set threads = 1; set order_by_non_integer_literal = true")
        self.kept: dict[str, list[tuple[str, str]]] = {}
        self.all: dict[str, list[str]] = {}
        self.canaries: dict[str, dict[str, list[str]]] = {}
        for number, (schema, personal) in enumerate(self.copies):
            relation, column, key = personal
            origin = f"{relation}.{column}"
            self.all.setdefault(origin, []).append(schema)
            if schema.startswith("kept"):
                self.kept.setdefault(origin, []).append((schema, key))
                about = world()[relation][column]
                new = [altered(v, about, key, i, keep=True) for i, v in enumerate(about["values"])]
                self.canaries[schema] = {origin: list(_texts(new, key))}
                swapped = f"swapped_{number}"
                self._create(swapped, None, keep=True)
                self._swap(swapped, relation, column, about["values"])
                self.all[origin].append(swapped)
        self.salts = [f"salt_{number}" for number in range(len(SALTS))]
        for schema, salt in zip(self.salts, SALTS, strict=True):
            self._create(schema, None, keep=True)
            self.connection.execute(f"update {schema}.salts set salt = ?", [salt])

    def _swap(self, schema: str, relation: str, column: str, values: list[Any]) -> None:
        """Each row gets its neighbour's value."""
        name = next(iter(world()[relation]))
        keys = world()[relation][name]["values"]
        for key, value in zip(keys, [*values[1:], values[0]], strict=True):
            self.connection.execute(
                f"update {schema}.{relation} set {column} = ? where {name} = ?", [value, key]
            )

    def output(self, models: Models, schema: str) -> Output:
        """The last model's columns, each with its values as texts. Raises `duckdb.Error`."""
        self.connection.execute(f"use {DATABASE}.{schema}")
        made = []
        timer = threading.Timer(SECONDS, self.connection.interrupt)
        timer.start()
        try:
            for name, sql in models.items():
                self.connection.execute(
                    f"create temp view {name} as ({sql.replace(f'{SCHEMA}.', '')})"
                )
                made.append(name)
            result = self.connection.execute(f"select * from {made[-1]}")
            heads = [d[0].lower() for d in result.description]
            rows = result.fetchall()
        finally:
            timer.cancel()
            timer.join()
            for name in reversed(made):
                self.connection.execute(f"drop view {name}")
        return {head: Counter(text(row[i]) for row in rows) for i, head in enumerate(heads)}


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


def _texts(values: list[Any], key: str) -> Iterator[str]:
    """What of an altered column can be recognised in an output."""
    for value in values:
        if isinstance(value, date):
            yield value.isoformat()
        elif isinstance(value, str) and not key:
            yield value
        elif isinstance(value, str):
            # the harness marks what stands under a JSON key with q…w
            yield from (p for p in value.split('"') if p.startswith("q") and p.endswith("w"))


@dataclass(slots=True)
class Verdict:
    """One program's outcome. `idle` are clear labels that no change moved, where that was asked."""

    misses: list[Miss]
    unknown: bool = False
    pairs: int = 0
    idle: tuple[tuple[str, str], ...] = ()
    runs: int = 0


def judge(oracle: Oracle, models: Models, *, precision: bool = False) -> Verdict:
    """Hold one program against the engine. Raises `duckdb.Error` where DuckDB rejects it."""
    base = oracle.output(models, SCHEMA)
    if not any(base.values()):
        precision = False
    try:
        facts = inventory(models).relations[model_id(list(models)[-1])]
    except Exception as error:  # noqa: BLE001 - any failure of the analyser is a counterexample
        return Verdict([Miss("crash", "*", type(error).__name__)])
    verdict = Verdict(_shape(base, facts))
    sight = {name: _sight(facts, name) for name in base}
    verdict.unknown = any(w == "unknown" for words in sight.values() for w in words)
    rows = {word(label).partition("=")[0] for label in facts.signals}
    written = " ".join(models.values())
    for origin, schemas in oracle.all.items():
        if f"{SCHEMA}.{origin.partition('.')[0]}" not in written:
            continue
        _influence(oracle, models, base, sight, rows, origin, schemas, verdict, precision=precision)
        _clear(oracle, models, sight, origin, verdict)
        if origin not in rows:
            _masked(oracle, models, base, sight, origin, verdict)
    return verdict


def _shape(base: Output, facts: RelationFacts) -> list[Miss]:
    known = [name for name in facts.columns if name != "*"]
    if not facts.complete or known == list(base):
        return []
    return [Miss("shape", name, "") for name in sorted(set(known) ^ set(base))] or [
        Miss("shape", "order", "")
    ]


def _sight(facts: RelationFacts, name: str) -> set[str]:
    """The words of a column's labels."""
    column: ColumnFacts | None = facts.columns.get(name) or facts.columns.get("*")
    return {word(label) for label in column.labels} if column is not None else set()


def _origins(words: set[str]) -> set[str]:
    return {w.partition("=")[0] for w in words}


def _altered(oracle: Oracle, models: Models, schema: str, verdict: Verdict) -> Output | None:
    """What a copy gives; None where it makes the query fail: error messages are out of scope."""
    verdict.runs += 1
    try:
        return oracle.output(models, schema)
    except duckdb.Error:
        return None


def _influence(
    oracle: Oracle,
    models: Models,
    base: Output,
    sight: Mapping[str, set[str]],
    rows: set[str],
    origin: str,
    schemas: list[str],
    verdict: Verdict,
    *,
    precision: bool,
) -> None:
    """Whatever moves with an origin carries a label of it, or the rows do."""
    open_ = [
        name
        for name, words in sight.items()
        if origin not in rows and origin not in _origins(words) and "unknown" not in words
    ]
    clear = [name for name, words in sight.items() if f"{origin}=clear" in words]
    if not open_ and not (precision and clear):
        return
    moved: set[str] = set()
    for schema in schemas:
        other = _altered(oracle, models, schema, verdict)
        if other is not None:
            moved |= {name for name in base if base[name] != other.get(name)}
    verdict.misses += [Miss("moves", name, origin) for name in open_ if name in moved]
    if precision:
        verdict.pairs += len(clear)
        verdict.idle += tuple((name, origin) for name in clear if name not in moved)


def _clear(
    oracle: Oracle, models: Models, sight: Mapping[str, set[str]], origin: str, verdict: Verdict
) -> None:
    """A value that can be read in an output is labelled clear there."""
    covered = {f"{origin}=clear", f"{origin}=equated", "unknown"}
    suspects = [name for name, words in sight.items() if not words & covered]
    if not suspects:
        return
    for schema, _ in oracle.kept[origin]:
        canaries = [c for c in oracle.canaries[schema][origin] if len(c) >= CANARY]
        if not canaries:
            continue
        other = _altered(oracle, models, schema, verdict)
        for name in suspects if other is not None else ():
            if any(canary in cell for cell in other.get(name, ()) for canary in canaries):
                verdict.misses.append(Miss("holds", name, origin))


def _masked(
    oracle: Oracle,
    models: Models,
    base: Output,
    sight: Mapping[str, set[str]],
    origin: str,
    verdict: Verdict,
) -> None:
    """What passes as a pseudonym changes with the salt wherever it changes with the value."""
    suspects = [
        name
        for name, words in sight.items()
        if f"{origin}=pseudonym" in words
        and not any(w.startswith(f"{origin}=") and w != f"{origin}=pseudonym" for w in words)
        and "unknown" not in words
    ]
    if not suspects:
        return
    steady = {name: Counter(base[name]) for name in suspects}
    for schema in oracle.salts:
        other = _altered(oracle, models, schema, verdict)
        if other is None:
            return
        for name in suspects:
            steady[name] &= other.get(name, Counter())
    for schema, _ in oracle.kept[origin]:
        other = _altered(oracle, models, schema, verdict)
        for name in suspects if other is not None else ():
            gone = base[name] - other.get(name, Counter())
            if any(gone[cell] + steady[name][cell] > base[name][cell] for cell in gone):
                verdict.misses.append(Miss("unmasked", name, origin))
