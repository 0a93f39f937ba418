"""Which tables a project's YAML asks for, and how: `meta.pii_lint_sync` of a source's table."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, cast

from pii_lint.artifacts.model import Column, Node
from pii_lint.config import Config
from pii_lint.data.registry import Registry
from pii_lint.errors import ConfigError

KEY = "pii_lint_sync"
"""The key of `meta` that asks for a table."""
JsonPolicy: TypeAlias = Literal["reject", "strip", "keep"]
Deletes: TypeAlias = Literal["compare", "keep"]

_SETTINGS = ("from", "incremental", "tombstone", "json", "ignore", "deletes")
_NAME = r'(?:"((?:[^"]|"")+)"|([^".]+))'
_RELATION = re.compile(rf"(?:{_NAME}\.)?{_NAME}")
_SPAN = re.compile(r"(\d{1,9}) ?(second|minute|hour|day)s?")
_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}
_SURE = ("high", "medium")
# A guess that is less sure is told, and stops nothing.


@dataclass(frozen=True, slots=True)
class Relation:
    """A table or view in PostgreSQL."""

    schema: str
    name: str

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}"


@dataclass(frozen=True, slots=True)
class Incremental:
    """By which column changed rows are known, and how far back each run looks again."""

    column: str
    seconds: int
    count: int
    # of a whole number instead of a time


@dataclass(frozen=True, slots=True)
class WantedColumn:
    """A column to load."""

    name: str
    data_type: str | None
    tagged: bool
    reviewed: bool
    # tagged, or declared clean
    unique: bool


@dataclass(frozen=True, slots=True)
class Wanted:
    """A table to load, as the YAML asks for it."""

    called: str
    # as people call it: source and table
    file: str
    # the YAML
    schema: str
    name: str
    # in the warehouse
    source: Relation
    columns: tuple[WantedColumn, ...]
    ignored: frozenset[str] = frozenset()
    json: Mapping[str, JsonPolicy] = field(default_factory=dict)
    incremental: Incremental | None = None
    tombstone: str | None = None
    deletes: Deletes = "compare"

    @property
    def key(self) -> tuple[str, ...]:
        """What the YAML says tells rows apart."""
        return next(((column.name,) for column in self.columns if column.unique), ())


def wanted(nodes: Sequence[Node], config: Config) -> tuple[Wanted, ...]:
    """Every table that is asked for, by name. Raises ConfigError where the YAML is wrong."""
    found = [
        _wanted(node, config)
        for node in sorted(nodes, key=lambda each: each.unique_id)
        if node.meta.get(KEY) is not None and node.meta.get(KEY) is not False
    ]
    if not found:
        raise ConfigError(
            f"No source of the project says that it is loaded: put `config: {{meta: {{{KEY}: "
            "{from: public.users}}}` under its table, then run `dbt parse`."
        )
    places: dict[tuple[str, str], str] = {}
    for each in found:
        place = (each.schema.lower(), each.name.lower())
        if place in places:
            raise ConfigError(
                f"{each.called} and {places[place]} are both to be loaded into "
                f"{each.schema}.{each.name}: take `{KEY}` from one of them in {each.file}."
            )
        places[place] = each.called
    return tuple(found)


def _wanted(node: Node, config: Config) -> Wanted:
    called = ".".join(node.unique_id.split(".")[2:])
    reader = _Reader(called, node.path, node.meta.get(KEY))
    columns = tuple(_columns(node, config))
    if not columns:
        raise reader.wrong("lists no columns, and only what is listed is loaded: list them")
    names = {column.name.lower() for column in columns}
    if len(names) < len(columns):
        raise reader.wrong("lists a column twice, if case is put aside as DuckDB does: rename one")
    name = node.alias or node.name
    incremental = reader.incremental()
    found = Wanted(
        called=called,
        file=node.path,
        schema=node.schema or "main",
        name=name,
        source=reader.source(name),
        columns=columns,
        ignored=frozenset(reader.names("ignore")),
        json=reader.json(),
        incremental=incremental,
        tombstone=reader.name("tombstone"),
        deletes=cast("Deletes", reader.word("deletes", ("compare", "keep"), "compare")),
    )
    both = sorted(found.ignored & {column.name for column in columns})
    if both:
        raise reader.wrong(f"lists the column `{both[0]}` and ignores it, too: keep one of the two")
    if incremental is not None and incremental.column.lower() not in names:
        raise reader.wrong(
            f"is loaded by `{incremental.column}`, which isn't among its columns: list it there"
        )
    strangers = sorted(each for each in found.json if each.lower() not in names)
    if strangers:
        raise reader.wrong(
            f"has a `json` policy for `{strangers[0]}`, which isn't among its columns"
        )
    for column, policy in found.json.items():
        tagged = any(each.name.lower() == column.lower() and each.tagged for each in columns)
        if policy == "keep" and not tagged:
            raise reader.wrong(
                f"keeps whatever JSON `{column}` holds, so that column must be tagged "
                "(`tags: [pii]`): tag it, or choose `reject` or `strip`"
            )
    return found


def _columns(node: Node, config: Config) -> Iterator[WantedColumn]:
    labels = {name.lower() for name in config.labels.get(node.unique_id, ())}
    clean = {name.lower() for name in config.clean.get(node.unique_id, ())}
    for column in node.columns.values():
        tagged = is_tagged(column) or column.name.lower() in labels
        yield WantedColumn(
            name=column.name,
            data_type=column.data_type,
            tagged=tagged,
            reviewed=tagged or "pii" in column.meta or column.name.lower() in clean,
            unique=column.unique,
        )


def is_tagged(column: Column) -> bool:
    """True where a column says that it is personal."""
    if "pii" in column.meta:
        return column.meta["pii"] not in (False, None, "false")
    return "pii" in column.tags or bool(column.meta.get("pii_type"))


def personal(name: str, registry: Registry) -> str | None:
    """The kind of personal data that a column holds by its name, if that is sure enough to stop."""
    guess = registry.guess(name)
    if guess is not None and guess[1] in _SURE:
        return guess[0]
    return registry.key_kind(name)


class _Reader:
    """One table's settings, held to what they may be."""

    def __init__(self, called: str, file: str, given: object) -> None:
        self._called = called
        self._file = file
        self._given: Mapping[str, object] = {}
        if isinstance(given, Mapping):
            self._given = {str(key): value for key, value in given.items()}
        elif given is not True:
            raise self.wrong(f"needs settings under `{KEY}`, or `{KEY}: true`")
        for key in self._given:
            if key not in _SETTINGS:
                raise self.wrong(
                    f"has `{key}` under `{KEY}`, where only {', '.join(_SETTINGS)} are known"
                )

    def wrong(self, what: str) -> ConfigError:
        return ConfigError(f"{self._called} in {self._file} {what}.")

    def source(self, usual: str) -> Relation:
        given = self._given.get("from")
        if given is None:
            return Relation("public", usual)
        found = _RELATION.fullmatch(given.strip()) if isinstance(given, str) else None
        if found is None:
            raise self.wrong(
                "must say where it is loaded from as `from: schema.table`, with double quotes "
                "around a name that holds a dot"
            )
        schema, name = (
            quoted.replace('""', '"') if quoted else plain
            for quoted, plain in (found.group(1, 2), found.group(3, 4))
        )
        return Relation(schema or "public", name)

    def name(self, key: str) -> str | None:
        given = self._given.get(key)
        if given is None:
            return None
        if not isinstance(given, str) or not given:
            raise self.wrong(f"must name a column under `{key}`")
        return given

    def names(self, key: str) -> tuple[str, ...]:
        given = self._given.get(key)
        listed = [given] if isinstance(given, str) else given
        if listed is None:
            return ()
        if not isinstance(listed, list) or not all(isinstance(each, str) for each in listed):
            raise self.wrong(f"must list names of columns under `{key}`")
        return tuple(str(each) for each in listed)

    def word(self, key: str, words: tuple[str, ...], usual: str) -> str:
        given = self._given.get(key, usual)
        if given not in words:
            raise self.wrong(f"must say {' or '.join(words)} under `{key}`")
        return str(given)

    def json(self) -> dict[str, JsonPolicy]:
        given = self._given.get("json", {})
        if not isinstance(given, Mapping) or any(
            policy not in ("reject", "strip", "keep") for policy in given.values()
        ):
            raise self.wrong("must say reject, strip or keep for each column under `json`")
        return {str(column): cast("JsonPolicy", policy) for column, policy in given.items()}

    def incremental(self) -> Incremental | None:
        given = self._given.get("incremental")
        if given is None:
            return None
        if isinstance(given, str):
            given = {"column": given}
        if not isinstance(given, Mapping) or not isinstance(given.get("column"), str):
            raise self.wrong("must name a column under `incremental: {column: ...}`")
        strange = sorted(str(key) for key in given if key not in ("column", "overlap"))
        if strange:
            raise self.wrong(
                f"has `{strange[0]}` under `incremental`, which knows column and overlap"
            )
        seconds, count = self._overlap(given.get("overlap"))
        return Incremental(str(given["column"]), seconds, count)

    def _overlap(self, given: object) -> tuple[int, int]:
        if given is None:
            return 15 * 60, 10_000
        if isinstance(given, int) and not isinstance(given, bool) and given >= 0:
            return given, given
        span = _SPAN.fullmatch(given.strip()) if isinstance(given, str) else None
        if span is None:
            raise self.wrong("must give `overlap` as a number, or as a span such as `15 minutes`")
        return int(span[1]) * _SECONDS[span[2]], 0
