"""Whose the rows of a table are: `meta.pii_lint_subject`, beside the tags of its columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pii_lint.artifacts.model import Column, Node
from pii_lint.config import Config
from pii_lint.counts import Table
from pii_lint.data.registry import Registry
from pii_lint.errors import ConfigError
from pii_lint.holdings import Held, Kept, OnForget, Reference, place
from pii_lint.warehouse.sync.declared import is_tagged

KEY = "pii_lint_subject"
"""The key of `meta` that says it."""
_PEOPLE = ("key", "found_by")
_ROWS = ("by", "documents")
_SETTINGS = (*_PEOPLE, *_ROWS, "on_forget", "blank", "keep_keys", "keep")
_REFERENCE = ("column", "to", "path")


@dataclass(frozen=True, slots=True)
class Declared:
    """What the YAML says of all tables that a build starts from."""

    held: tuple[Held, ...]
    kept: tuple[Kept, ...]


def declared(nodes: Iterable[Node], config: Config, registry: Registry) -> Declared:
    """Every table in which rows of people stand. Raises `ConfigError` where one with personal data
    doesn't say whose they are."""
    reader = _Reader(_one_a_table(nodes), config, registry)
    return reader.read()


def _one_a_table(nodes: Iterable[Node]) -> tuple[Node, ...]:
    """A seed may fill the table of a source: the source is where it is declared."""
    found: dict[tuple[str, str], Node] = {}
    for node in sorted(nodes, key=lambda one: (one.resource_type != "source", one.unique_id)):
        table = table_of(node)
        found.setdefault((table.schema.lower(), table.name.lower()), node)
    return tuple(sorted(found.values(), key=lambda one: one.unique_id))


def table_of(node: Node) -> Table:
    """The relation that a node stands for."""
    return Table(node.schema or "main", node.alias or node.name)


def called(node: Node) -> str:
    """As people call it."""
    return ".".join(node.unique_id.split(".")[2:])


class _Reader:
    def __init__(self, nodes: Sequence[Node], config: Config, registry: Registry) -> None:
        self._nodes = {node.unique_id: node for node in nodes}
        self._config = config
        self._registry = registry

    def read(self) -> Declared:
        held, kept = [], []
        for node in self._nodes.values():
            given = node.meta.get(KEY)
            if given is None or given is False:
                continue
            found = self._table(node, given)
            if isinstance(given, Mapping) and "keep" in given:
                kept.append(_kept(node, given["keep"]))
            if found is not None:
                held.append(found)
        if not any(one.key for one in held):
            raise ConfigError(
                "No source says that people stand in it: put `config: {meta: {pii_lint_subject: "
                "{found_by: [email]}}}` under the table that has a row for each person, then run "
                "`dbt parse`."
            )
        offered = _offered(held)
        held = [replace(one, offers=tuple(sorted(offered.get(one.node, ())))) for one in held]
        self._demand_targets(held)
        self._demand_said(held)
        return Declared(tuple(held), tuple(kept))

    def _table(self, node: Node, given: object) -> Held | None:
        settings = self._settings(node, given)
        if set(settings) == {"keep"}:
            return None
        personal = dict(self._personal(node))
        people = any(word in settings for word in _PEOPLE)
        found = Held(
            node=node.unique_id,
            called=called(node),
            file=node.patch_path or node.path,
            table=table_of(node),
            key=self._key(node, settings.get("key")) if people else None,
            found_by=tuple(
                (name, personal.get(name, name.lower()))
                for name in self._columns(node, "found_by", settings.get("found_by"))
            ),
            references=tuple(self._references(node, settings.get("by"))),
            documents=self._columns(node, "documents", settings.get("documents")),
            personal=personal,
            keys=self._personal_keys(node),
            on_forget=_on_forget(node, settings),
        )
        if not (found.key or found.references or found.documents):
            raise _wrong(
                node,
                f"must say under `{KEY}` whose a row is: `found_by` for a table of people, `by` "
                "for a column that refers to them, `documents` for JSON in which they are named",
            )
        blank = self._columns(node, "blank", settings.get("blank"))
        if blank and found.on_forget != "blank":
            raise _wrong(node, f"has `blank` under `{KEY}`, which needs `on_forget: blank`")
        kept = _words(node, "keep_keys", settings.get("keep_keys"))
        if kept and found.on_forget != "blank":
            raise _wrong(node, f"has `keep_keys` under `{KEY}`, which needs `on_forget: blank`")
        return replace(found, blank=blank or _usually_blank(found), keep_keys=kept)

    def _settings(self, node: Node, given: object) -> Mapping[str, object]:
        if not isinstance(given, Mapping) or not given:
            raise _wrong(node, f"needs settings under `{KEY}`, or `{KEY}: false`")
        for key in given:
            if key not in _SETTINGS:
                known = ", ".join(_SETTINGS)
                raise _wrong(node, f"has `{key}` under `{KEY}`, where only {known} are known")
        return {str(key): value for key, value in given.items()}

    def _key(self, node: Node, given: object) -> str:
        if given is not None:
            return self._column(node, "key", given)
        unique = next((one.name for one in node.columns.values() if one.unique), None)
        if unique is None:
            raise _wrong(
                node,
                "has no column with a `unique` test, which would tell people apart: add one, or "
                f"name the column under `{KEY}: {{key: ...}}`",
            )
        return unique

    def _references(self, node: Node, given: object) -> Iterator[Reference]:
        for one in given if isinstance(given, list) else [given] if given is not None else []:
            if isinstance(one, str):
                one = {"column": one}
            if not isinstance(one, Mapping) or "column" not in one:
                raise _wrong(node, f"must name a column under `{KEY}: {{by: ...}}`")
            strange = sorted(str(key) for key in one if key not in _REFERENCE)
            if strange:
                raise _wrong(
                    node, f"has `{strange[0]}` under `by`, which knows column, to and path"
                )
            name = self._column(node, "by", one["column"])
            path = one.get("path", ())
            steps = path.split(".") if isinstance(path, str) else path
            if not isinstance(steps, list | tuple) or not all(isinstance(s, str) for s in steps):
                raise _wrong(node, "must give `path` as the keys that lead to it, such as `a.b`")
            yield Reference(name, self._target(node, name, one.get("to")), tuple(steps))

    def _target(self, node: Node, column: str, given: object) -> str:
        if given is None:
            known = sorted(node.columns[column].references)
            if len(known) != 1:
                raise _wrong(
                    node,
                    f"doesn't say what `{column}` refers to: give it a `relationships` test, or "
                    "`to: source.table.column`",
                )
            return place(*known[0])
        words = str(given).lower().rpartition(".")
        found = [
            place(uid, words[2])
            for uid, other in self._nodes.items()
            if words[0] in (called(other).lower(), other.name.lower())
            and words[2] in {name.lower() for name in other.columns}
        ]
        if len(found) != 1:
            raise _wrong(
                node,
                f"says that `{column}` refers to `{given}`, which is no listed column: write it as "
                "`source.table.column`",
            )
        return found[0]

    def _columns(self, node: Node, setting: str, given: object) -> tuple[str, ...]:
        if given is None:
            return ()
        listed = given if isinstance(given, list) else [given]
        return tuple(dict.fromkeys(self._column(node, setting, one) for one in listed))

    def _column(self, node: Node, setting: str, given: object) -> str:
        alike = [name for name in node.columns if name.lower() == str(given).lower()]
        if not alike:
            raise _wrong(node, f"names `{given}` under `{setting}`, which isn't among its columns")
        return alike[0]

    def _personal(self, node: Node) -> Iterator[tuple[str, str]]:
        labels = {
            name.lower(): spec.kind
            for name, spec in self._config.labels.get(node.unique_id, {}).items()
        }
        for column in node.columns.values():
            kind = labels.get(column.name.lower()) or self._kind(column)
            if kind is not None:
                yield column.name, kind

    def _kind(self, column: Column) -> str | None:
        if not is_tagged(column) or column.meta.get("secret"):
            return None
        return self._registry.resolve(str(column.meta.get("pii_type") or "personal"))

    def _personal_keys(self, node: Node) -> dict[str, frozenset[str]]:
        found = {}
        for column in node.columns.values():
            keys = column.meta.get("pii_keys")
            if isinstance(keys, list | tuple):
                found[column.name] = frozenset(str(key).casefold() for key in keys)
        return found

    def _demand_targets(self, held: Sequence[Held]) -> None:
        """A reference has to lead to people in the end."""
        known = {one.node: one for one in held}
        for one in held:
            for reference in one.references:
                node = reference.to.rpartition(".")[0]
                if node not in known:
                    raise _wrong(
                        self._nodes[one.node],
                        f"refers to {'.'.join(node.split('.')[2:])} by `{reference.column}`, which "
                        f"says under `{KEY}` of nobody whose rows it holds: say it there",
                    )

    def _demand_said(self, held: Sequence[Held]) -> None:
        """Whatever is personal, or points at people, has to say what becomes of it."""
        known = {one.node for one in held}
        for node in self._nodes.values():
            if KEY in node.meta or _is_secret(node, self._config):
                continue
            points = [
                column.name
                for column in node.columns.values()
                if any(target in known for target, _ in column.references)
            ]
            if points:
                raise _wrong(
                    node,
                    f"refers to people by `{points[0]}` and doesn't say what becomes of its rows: "
                    f"write `{KEY}: {{by: {points[0]}}}` under its `config: {{meta: ...}}`, or "
                    f"`{KEY}: false` if you looked",
                )
            if any(self._personal(node)):
                raise _wrong(
                    node,
                    f"holds personal data and doesn't say whose: write `{KEY}: {{by: ...}}`, "
                    f"`{{documents: ...}}` or `{{keep: reason}}` under its `config: {{meta: ...}}` "
                    f"(`{KEY}: false` if you looked)",
                )


def _words(node: Node, setting: str, given: object) -> tuple[str, ...]:
    listed = given if isinstance(given, list) else [given] if given is not None else []
    if not all(isinstance(one, str) and one.strip(".") for one in listed):
        raise _wrong(node, f"must list keys of its JSON under `{setting}`, such as `a.b`")
    return tuple(str(one) for one in listed)


def _offered(held: Iterable[Held]) -> dict[str, set[str]]:
    """The columns that references lead to, by table."""
    found: dict[str, set[str]] = {}
    for one in held:
        for reference in one.references:
            node, _, column = reference.to.rpartition(".")
            found.setdefault(node, set()).add(column)
    return found


def _usually_blank(held: Held) -> tuple[str, ...]:
    """What is personal, and what says whose it is; a key stays."""
    columns = [*held.personal, *(name for name, _ in held.found_by), *held.documents]
    columns += [one.column for one in held.references]
    return tuple(name for name in dict.fromkeys(columns) if name != held.key)


def _kept(node: Node, reason: object) -> Kept:
    if not isinstance(reason, str) or not reason.strip():
        raise _wrong(node, f"must give the reason under `{KEY}: {{keep: ...}}`")
    return Kept(called(node), table_of(node), " ".join(reason.split()))


def _on_forget(node: Node, settings: Mapping[str, object]) -> OnForget:
    given = settings.get("on_forget", "delete")
    if "keep" in settings:
        if "on_forget" in settings:
            raise _wrong(node, f"says both `keep` and `on_forget` under `{KEY}`: choose one")
        return "keep"
    if given == "delete":
        return "delete"
    if given == "blank":
        return "blank"
    raise _wrong(node, "must say delete or blank under `on_forget`")


def _is_secret(node: Node, config: Config) -> bool:
    if node.meta.get("secret") or any(c.meta.get("secret") for c in node.columns.values()):
        return True
    return any(secret.name.startswith(node.unique_id) for secret in config.secrets)


def _wrong(node: Node, what: str) -> ConfigError:
    return ConfigError(f"{called(node)} in {node.patch_path or node.path} {what}.")
