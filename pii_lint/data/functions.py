"""The catalogue of SQL functions: what each leaves of its arguments, by dialect.

`functions.yml` is the source and explains every class and role. `functions.json` is generated from
it, because a run can't wait for a YAML parser.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib import resources
from types import MappingProxyType

from pii_lint.errors import ConfigError

CLASSES = (
    "copy",
    "choose",
    "pick",
    "recode",
    "concat",
    "concat_ws",
    "transform",
    "part",
    "digest",
    "keyed",
    "reveal",
    "fold",
    "quantile",
    "count",
    "size",
    "test",
    "rank",
    "constant",
    "pairs",
    "fields",
    "array",
    "access",
    "keys",
    "entries",
    "zip",
    "aggregate",
    "mask",
    "table",
    "series",
    "external",
    "setting",
)

ROLES = (
    "value",
    "key",
    "condition",
    "sort",
    "width",
    "unit",
    "literal",
    "fraction",
    "path",
    "name",
    "template",
    "associated",
    "ignore",
)

ELDERS = {
    "athena": "trino",
    "databricks": "spark",
    "doris": "mysql",
    "fabric": "tsql",
    "hive": "spark",
    "materialize": "postgres",
    "presto": "trino",
    "redshift": "postgres",
    "risingwave": "postgres",
    "singlestore": "mysql",
    "spark2": "spark",
    "starrocks": "mysql",
}
"""Whose functions a dialect has as well, before its own."""

_Entry = tuple[str, str, tuple[str, ...]]
_Item = str | dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class FunctionSpec:
    """One function: its class, and the role of each argument by position."""

    name: str
    cls: str
    roles: tuple[str, ...]

    def role(self, position: int) -> str:
        """The role of the argument at `position`, counted from 0."""
        return self.roles[position] if position < len(self.roles) else "value"


def load_functions(
    dialect: str, extra: Mapping[str, str | Mapping[str, object]] | None = None
) -> Mapping[str, FunctionSpec]:
    """What `dialect` has, by lower-case name; `extra` is the policy's `functions`, and wins."""
    return _merged(dialect.lower(), tuple(_project_entries(extra or {})))


def unit_proves_part(function: str, unit: str) -> bool:
    """Whether `function`, a part that takes a unit, leaves less than the whole date with `unit`."""
    truncates = "trunc" in function or function == "last_day"
    proving = _units()["truncation" if truncates else "field"]
    word = unit.lower()
    return word in proving or word.removesuffix("s") in proving


def catalogue_digest(extra: Mapping[str, str | Mapping[str, object]] | None = None) -> str:
    """A digest that changes whenever any function's class or roles could have."""
    entries = json.dumps(sorted(_project_entries(extra or {}))).encode()
    return hashlib.sha256(_generated().encode() + b"\0" + entries).hexdigest()


def render_functions_json() -> str:
    """The text of `functions.json`, from `functions.yml`."""
    import yaml  # only whoever changes the catalogue needs it

    source: dict[str, dict[str, list[_Item]]] = yaml.safe_load(_text("functions.yml"))
    units = source.pop("units")
    scopes: dict[str, dict[str, list[str]]] = {}
    for cls, by_scope in source.items():
        for scope, items in by_scope.items():
            for name, roles in _listed(items):
                if name in scopes.setdefault(scope, {}):
                    raise ValueError(f"functions.yml: {name} stands twice in the scope {scope}")
                _known(cls, CLASSES, name, "class")
                scopes[scope][name] = [cls, *(_known(r, ROLES, name, "role") for r in roles)]
    functions = {
        scope: _block({name: json.dumps(spec) for name, spec in by_name.items()})
        for scope, by_name in scopes.items()
    }
    proving = {kind: json.dumps(words) for kind, words in units.items()}
    return _block({"functions": _block(functions), "units": _block(proving)}) + "\n"


def _block(members: Mapping[str, str]) -> str:
    """A JSON object with one member a line, so that a change shows as one line."""
    lines = (f"{json.dumps(key)}: {text}" for key, text in sorted(members.items()))
    return "{\n" + ",\n".join(lines) + "\n}"


def _listed(items: list[_Item]) -> Iterator[tuple[str, list[str]]]:
    for item in items:
        if isinstance(item, str):
            yield item, []
        else:
            yield from item.items()


@cache
def _merged(dialect: str, project: tuple[_Entry, ...]) -> Mapping[str, FunctionSpec]:
    merged: dict[str, FunctionSpec] = {}
    for scope in ("any", *_lineage(dialect)):
        merged |= _scopes().get(scope, {})
    merged |= {name: FunctionSpec(name, cls, roles) for name, cls, roles in project}
    return MappingProxyType(merged)


def _lineage(dialect: str) -> list[str]:
    """The dialect after its elders, eldest first."""
    line = [dialect]
    while line[0] in ELDERS:
        line.insert(0, ELDERS[line[0]])
    return line


@cache
def _scopes() -> dict[str, dict[str, FunctionSpec]]:
    raw: dict[str, dict[str, list[str]]] = json.loads(_generated())["functions"]
    return {
        scope: {
            name: FunctionSpec(name, cls, tuple(roles)) for name, (cls, *roles) in functions.items()
        }
        for scope, functions in raw.items()
    }


@cache
def _units() -> dict[str, frozenset[str]]:
    raw: dict[str, list[str]] = json.loads(_generated())["units"]
    return {kind: frozenset(words) for kind, words in raw.items()}


@cache
def _generated() -> str:
    return _text("functions.json")


def _text(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


def _project_entries(extra: Mapping[str, str | Mapping[str, object]]) -> Iterator[_Entry]:
    for name, given in extra.items():
        where = f"`functions.{name}`"
        entry = {"class": given} if isinstance(given, str) else given
        for key in entry:
            _known(key, ("class", "roles", "reason"), where, "key")
        cls, roles = entry.get("class"), entry.get("roles", [])
        if not isinstance(cls, str):
            raise ConfigError(f"{where} needs a `class`, one of {', '.join(CLASSES)}.")
        if not isinstance(roles, list | tuple):
            listed = ", ".join(ROLES)
            raise ConfigError(f"{where}: `roles` is a list with one of {listed} an argument.")
        yield (
            name.lower(),
            _known(cls, CLASSES, where, "class"),
            tuple(_known(str(role), ROLES, where, "role") for role in roles),
        )


def _known(word: str, words: tuple[str, ...], where: str, what: str) -> str:
    if word not in words:
        nearest = get_close_matches(word.lower(), words, n=1, cutoff=0.0)[0]
        raise ConfigError(
            f"{where} has the {what} `{word}`, which there isn't; the nearest is `{nearest}`."
        )
    return word
