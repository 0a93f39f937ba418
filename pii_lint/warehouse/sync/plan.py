"""What the YAML asks for against what PostgreSQL has: how each table is read, and what drifted."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from pii_lint.data.payloads import Surface, surfaces
from pii_lint.data.registry import Registry
from pii_lint.warehouse.quoting import literal, quoted
from pii_lint.warehouse.sync import types
from pii_lint.warehouse.sync.catalog import Found, FoundColumn
from pii_lint.warehouse.sync.declared import Relation, Wanted, WantedColumn, personal

What: TypeAlias = Literal["new", "personal", "gone", "type", "unsupported", "forbidden", "unusable"]


@dataclass(frozen=True, slots=True)
class Drift:
    """One thing in which YAML and PostgreSQL differ."""

    table: str
    column: str
    what: What
    sentence: str
    stops: bool


@dataclass(frozen=True, slots=True)
class LoadedColumn:
    """A column on its way."""

    name: str
    # in the warehouse
    source: str
    reading: types.Reading
    screened: Surface | None = None
    personal: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """How one table is loaded."""

    wanted: Wanted
    columns: tuple[LoadedColumn, ...]
    key: tuple[str, ...]
    # the warehouse's names of what tells rows apart
    sure: bool
    # PostgreSQL holds the key unique itself
    by: LoadedColumn | None
    # what an incremental load goes by
    counts: bool
    # that is a whole number
    alive: str
    # the condition that a row isn't deleted; empty where none says so
    rows: int

    @property
    def called(self) -> str:
        return self.wanted.called

    @property
    def screened(self) -> tuple[int, ...]:
        """Places of the columns that are looked into."""
        return tuple(n for n, column in enumerate(self.columns) if column.screened is not None)

    def copy(self, condition: str = "") -> str:
        """The statement that sends its rows."""
        listed = ", ".join(c.reading.select.format(quoted(c.source)) for c in self.columns)
        return _copy(listed, self.wanted.source, [self.alive, condition], len(self.columns))

    def copy_keys(self, *, alive: bool, condition: str = "") -> str:
        """The statement that sends the keys of the rows that there are, or of the deleted ones."""
        keys = self.key_columns
        listed = ", ".join(column.reading.select.format(quoted(column.source)) for column in keys)
        where = self.alive if alive else f"not ({self.alive})"
        conditions = [where if self.alive else "", condition]
        return _copy(listed, self.wanted.source, conditions, len(keys))

    @property
    def key_columns(self) -> tuple[LoadedColumn, ...]:
        return tuple(column for column in self.columns if column.name in self.key)

    @property
    def fingerprint(self) -> str:
        """Changes with whatever makes rows that were loaded before worthless."""
        parts = [str(self.wanted.source), self.alive, *self.key]
        for column in self.columns:
            policy = column.screened.policy if column.screened else ""
            parts += [column.name, column.source, column.reading.duckdb, policy]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _copy(listed: str, relation: Relation, conditions: Sequence[str], columns: int) -> str:
    where = " and ".join(f"({each})" for each in conditions if each)
    table = f"{quoted(relation.schema)}.{quoted(relation.name)}"
    select = f"select {listed} from {table}{' where ' + where if where else ''}"  # noqa: S608  quoted
    # no value is the mark of null, for a value of these two letters is written in quotes
    options = "format csv, null '\\N', encoding 'UTF8'"
    if columns == 1:
        # an empty text would be an empty line, which DuckDB passes over
        options += ", force_quote *"
    return f"copy ({select}) to stdout ({options})"


def planned(wanted: Wanted, found: Found, registry: Registry) -> tuple[Plan | None, list[Drift]]:
    """The plan, or None where something stops it, and everything that differs."""
    planner = _Planner(wanted, found, registry)
    plan = planner.plan()
    stopped = any(each.stops for each in planner.drifts)
    return None if stopped else plan, planner.drifts


class _Planner:
    def __init__(self, wanted: Wanted, found: Found, registry: Registry) -> None:
        self._wanted = wanted
        self._found = found
        self._registry = registry
        self._by_name = {column.name: column for column in found.columns}
        self.drifts: list[Drift] = []

    def plan(self) -> Plan | None:
        matched = {
            column.name: found
            for column in self._wanted.columns
            if (found := self._match(column.name)) is not None
        }
        self._tell_missing(matched)
        self._tell_new({found.name for found in matched.values()})
        columns = tuple(self._columns(matched))
        if any(each.stops for each in self.drifts):
            return None
        by_source = {column.source: column for column in columns}
        key, sure = self._key(by_source)
        by = self._by(columns, matched, key)
        alive = self._alive()
        return Plan(
            wanted=self._wanted,
            columns=columns,
            key=key,
            sure=sure,
            by=by,
            counts=by is not None and self._by_name[by.source].type.name in types.NUMBERS,
            alive=alive,
            rows=self._found.rows,
        )

    def _match(self, name: str) -> FoundColumn | None:
        """The column of that name; in other letters where only one is."""
        if name in self._by_name:
            return self._by_name[name]
        exact = {column.name for column in self._wanted.columns}
        alike = [
            column
            for column in self._found.columns
            if column.name.lower() == name.lower() and column.name not in exact
        ]
        return alike[0] if len(alike) == 1 else None

    def _tell_missing(self, matched: Mapping[str, FoundColumn]) -> None:
        for column in self._wanted.columns:
            if column.name not in matched:
                self._stop(
                    column.name,
                    "gone",
                    f"{self._wanted.source} has no column `{column.name}`, which "
                    f"{self._wanted.file} lists for {self._wanted.called}: take it from the YAML "
                    "once no model reads it, then run `dbt parse`",
                )
            elif (
                not column.reviewed and (kind := personal(column.name, self._registry)) is not None
            ):
                self._stop(
                    column.name,
                    "personal",
                    f"Column `{column.name}` of {self._wanted.called} looks like {kind} and is "
                    f"neither tagged nor declared clean: write {_line(column.name, kind)} in "
                    f"{self._wanted.file}, or `meta: {{pii: false}}` if you looked",
                )

    def _tell_new(self, taken: set[str]) -> None:
        for column in self._found.columns:
            if column.name in taken or column.name in self._wanted.ignored:
                continue
            kind = personal(column.name, self._registry)
            if kind is None:
                self._tell(
                    column.name,
                    "new",
                    f"{self._wanted.source} has a column `{column.name}` that "
                    f"{self._wanted.file} doesn't list: it isn't loaded until it is listed there",
                )
            else:
                self._stop(
                    column.name,
                    "personal",
                    f"{self._wanted.source} has a new column `{column.name}`, which looks like "
                    f"{kind}, and nobody tagged it: write {_line(column.name, kind)} under "
                    f"{self._wanted.called} in {self._wanted.file}, or leave it out with "
                    f"`pii_lint_sync: {{ignore: [{_yaml(column.name)}]}}`, then run `dbt parse`",
                )

    def _columns(self, matched: Mapping[str, FoundColumn]) -> Iterator[LoadedColumn]:
        for number, column in enumerate(self._wanted.columns):
            found = matched.get(column.name)
            if found is None:
                continue
            if not found.readable:
                self._stop(
                    column.name,
                    "forbidden",
                    f"The role that syncs may not read {self._wanted.source}: "
                    f"grant select on it (column `{found.name}` is refused)",
                )
                continue
            try:
                reading = types.reading(found.type, column.data_type, number)
            except types.Unsupported as wrong:
                self._stop(
                    column.name,
                    "unsupported",
                    f"Column `{found.name}` of {self._wanted.source} can't be loaded exactly, for "
                    f"{wrong}",
                )
                continue
            yield LoadedColumn(
                name=column.name,
                source=found.name,
                reading=reading,
                screened=self._surface(column, found),
                personal=column.tagged or personal(column.name, self._registry) is not None,
            )

    def _surface(self, column: WantedColumn, found: FoundColumn) -> Surface | None:
        policies = {name.lower(): policy for name, policy in self._wanted.json.items()}
        policy = policies.get(column.name.lower())
        if policy == "keep" or (policy is None and found.type.name not in types.JSON):
            return None
        if policy is None:
            shipped = [
                each
                for each in surfaces()
                if (each.table, each.column) == (self._wanted.source.name, found.name)
            ]
            policy = shipped[0].policy if shipped else "reject"
        return Surface(self._wanted.source.name, found.name, policy=policy)

    def _key(self, by_source: Mapping[str, LoadedColumn]) -> tuple[tuple[str, ...], bool]:
        """What tells rows apart; none where it isn't loaded."""
        if self._found.key:
            if all(name in by_source for name in self._found.key):
                return tuple(by_source[name].name for name in self._found.key), True
            return (), False
        return self._wanted.key, False

    def _by(
        self,
        columns: Sequence[LoadedColumn],
        matched: Mapping[str, FoundColumn],
        key: Sequence[str],
    ) -> LoadedColumn | None:
        asked = self._wanted.incremental
        if asked is None:
            return None
        by = next(each for each in columns if each.name.lower() == asked.column.lower())
        kind = matched[by.name].type
        if kind.name not in types.MOMENTS | types.NUMBERS:
            self._stop(
                by.name,
                "unusable",
                f"{self._wanted.called} can't be loaded by `{by.name}`, a {kind.shown}: name a "
                "date, a timestamp or a whole number under `incremental`",
            )
        if not key:
            self._stop(
                by.name,
                "unusable",
                f"{self._wanted.called} is loaded by `{by.name}`, and nothing tells rows apart: "
                "list the columns of its primary key, or give a column a `unique` test",
            )
        return by

    def _alive(self) -> str:
        name = self._wanted.tombstone
        if name is None:
            return ""
        found = self._match(name)
        if found is None or not found.readable:
            self._stop(
                name,
                "gone" if found is None else "forbidden",
                f"{self._wanted.source} has no column `{name}` that may be read, by which "
                f"{self._wanted.called} knows deleted rows: name another under `tombstone`",
            )
            return ""
        flag = found.type.name == "bool"
        return f"{quoted(found.name)} is {'not true' if flag else 'null'}"

    def _tell(self, column: str, what: What, sentence: str) -> None:
        self.drifts.append(Drift(self._wanted.called, column, what, f"{sentence}.", stops=False))

    def _stop(self, column: str, what: What, sentence: str) -> None:
        self.drifts.append(Drift(self._wanted.called, column, what, f"{sentence}.", stops=True))


def _line(name: str, kind: str) -> str:
    meta = f"meta: {{pii: true, pii_type: {kind}}}"
    return f"`- {{name: {_yaml(name)}, config: {{tags: [pii], {meta}}}}}`"


def _yaml(name: str) -> str:
    plain = name.isascii() and name.replace("_", "a").isalnum() and not name[0].isdigit()
    return name if plain else literal(name)


def since(plan: Plan, watermark: str) -> str:
    """The condition under which a row may be new since then, with a look further back."""
    by, asked = plan.by, plan.wanted.incremental
    if by is None or asked is None:
        return ""
    column = quoted(by.source)
    if plan.counts:
        return f"{column} >= {int(watermark)} - {asked.count}::int8 or {column} is null"
    kind = by.reading.duckdb.lower()
    then = f"{literal(watermark)}::pg_catalog.{kind} - interval '{asked.seconds} seconds'"
    return f"{column} >= {then} or {column} is null"
