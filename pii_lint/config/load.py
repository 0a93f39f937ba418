"""pii_lint.yml: found, read, checked and laid over the shipped policy.

The file is held against `data/policy.schema.json`; what a schema can't say (that a kind is known,
that a day exists) is checked here. Every error is one sentence with the file and the line.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from functools import cache
from importlib import resources
from pathlib import Path
from types import MappingProxyType

from pii_lint import files
from pii_lint.config.model import (
    POLICY_FILE,
    Cell,
    Config,
    Declassified,
    Ignored,
    LabelSpec,
    Secret,
    SmallestGroup,
    Waiver,
    Zone,
    complaint,
)
from pii_lint.data import reading
from pii_lint.data.names import entries, words
from pii_lint.data.reading import Document, UnreadableYamlError, read_yaml
from pii_lint.data.registry import Registry, RegistryError, load_registry
from pii_lint.data.shape import misfits, nearest, where
from pii_lint.errors import ConfigError
from pii_lint.findings import Severity
from pii_lint.tiers import Tier

MISNAMED = ("pii_lint.yaml", ".pii_lint.yml", "pii-lint.yml", "pii-lint.yaml")
"""Names under which people would expect a policy to count, and it wouldn't."""


def load_config(path: Path | None = None, project_dir: Path | None = None) -> Config:
    """The policy in `path`, else the one in `project_dir`, else the shipped one."""
    if path is None:
        path = _usual(project_dir)
    if path is None:
        return _shipped()
    file = _shown(path, project_dir)
    try:
        document = read_yaml(_text(path, file))
    except UnreadableYamlError as error:
        raise complaint(file, error.line, f"the file {error}") from None
    return _Draft(file, document).config(_shipped())


def as_written(path: Path | None = None, project_dir: Path | None = None) -> str:
    """The text of the policy that `load_config` takes for these."""
    path = path or _usual(project_dir)
    if path is None:
        return f"# There is no {POLICY_FILE}: the shipped policy holds.\nversion: 1\n"
    return _text(path, _shown(path, project_dir))


def _usual(project_dir: Path | None) -> Path | None:
    if project_dir is None:
        return None
    for name in MISNAMED:
        if files.is_file(project_dir / name):
            raise ConfigError(f"{name} isn't read: call the policy file {POLICY_FILE}.")
    path = project_dir / POLICY_FILE
    if files.is_file(path) or files.is_folder(path):
        return path
    if files.is_there(path):
        # a project that has a policy isn't judged by the shipped one
        raise ConfigError(f"{POLICY_FILE} is there and is no file: put the policy in its place.")
    return None


def _shown(path: Path, project_dir: Path | None) -> str:
    """A path that is the same on every machine, where that can be had."""
    for folder in (project_dir, Path.cwd()):
        if folder is not None and path.absolute().is_relative_to(folder.absolute()):
            return path.absolute().relative_to(folder.absolute()).as_posix()
    return path.as_posix()


def _text(path: Path, file: str) -> str:
    try:
        content = files.read(path, reading.LARGEST_FILE + 1)
    except FileNotFoundError:
        raise ConfigError(f"There is no policy file {file}.") from None
    except OSError as error:
        raise ConfigError(f"{file} can't be read: {error.strerror}.") from None
    if len(content) > reading.LARGEST_FILE:
        raise ConfigError(f"{file} is larger than a megabyte, and no policy is.")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise complaint(file, line, "the file isn't UTF-8 text; save it as UTF-8") from None


@cache
def schema() -> Mapping[str, object]:
    """The JSON schema of pii_lint.yml."""
    text = resources.files("pii_lint.data").joinpath("policy.schema.json").read_text("utf-8")
    loaded: object = json.loads(text)
    return loaded if isinstance(loaded, dict) else {}


@cache
def _shipped() -> Config:
    text = resources.files("pii_lint.data").joinpath("defaults.yml").read_text("utf-8")
    draft = _Draft("defaults.yml", read_yaml(text))
    return replace(draft.config(Config(zones={}, policy={})), file=None)


class _Draft:
    """A file on its way to a `Config`."""

    def __init__(self, file: str, document: Document) -> None:
        self.file = file
        self.document = document
        if document.value is None:
            raise self._complaint((), "the file is empty; begin with `version: 1`")
        for misfit in misfits(document.value, schema(), schema()["definitions"]):
            raise self._complaint(misfit.path, misfit.sentence)
        self.top: Mapping[str, object] = MappingProxyType(
            document.value if isinstance(document.value, dict) else {}
        )
        self.registry = self._registry()

    def config(self, base: Config) -> Config:
        """The draft laid over `base`."""
        labels, clean = self._labels()
        rules = self._map("rules")
        return Config(
            zones=MappingProxyType({**base.zones, **dict(self._zones())}),
            policy=MappingProxyType(self._policy(base.policy)),
            labels=labels,
            clean=clean,
            secrets=tuple(self._secrets()),
            allow_literal_keys=self._literal_keys(),
            smallest_group=self._smallest_group(base.smallest_group),
            functions=self._functions(),
            kinds=entries(self.top.get("kinds")),
            roles={name: words(roles) for name, roles in self._map("roles").items()},
            rules={code: Severity(_severity(given)) for code, given in rules.items()},
            declassified=tuple(self._declassified()),
            ignored=tuple(self._ignored()),
            fail_on=Severity(str(self.top.get("fail_on", base.fail_on))),
            longest_term_days=self._longest_term(base.longest_term_days),
            tier=Tier(given) if isinstance(given := self.top.get("tier"), int) else None,
            dialect=str(self.top["dialect"]) if "dialect" in self.top else None,
            file=self.file,
            rule_lines={code: self.document.line(("rules", code)) for code in rules},
        )

    def _complaint(self, path: reading.Path, sentence: str) -> ConfigError:
        return complaint(self.file, self.document.line(path), sentence)

    def _map(self, *path: str) -> Mapping[str, object]:
        value: object = self.top
        for key in path:
            value = value.get(key) if isinstance(value, Mapping) else None
        return value if isinstance(value, Mapping) else {}

    def _list(self, key: str) -> Iterator[tuple[int, Mapping[str, object]]]:
        listed = self.top.get(key)
        for position, each in enumerate(listed if isinstance(listed, list) else []):
            yield position, each if isinstance(each, Mapping) else {}

    def _registry(self) -> Registry:
        try:
            return load_registry(entries(self.top.get("kinds")))
        except RegistryError as error:
            raise self._complaint(("kinds", error.kind), str(error)) from None

    def _kind(self, word: object, path: reading.Path) -> str:
        """The dotted name of a kind that somebody wrote. A misspelt one would guard nothing."""
        if self.registry.is_known(str(word)):
            return self.registry.resolve(str(word))
        valid = sorted({*self.registry.kinds, *self.registry.aliases})
        hint = nearest(str(word), valid) or "; describe it under `kinds`"
        raise self._complaint(path, f"{where(path)} names no known kind{hint}")

    def _zones(self) -> Iterator[tuple[str, Zone]]:
        for name, given in entries(self.top.get("zones")).items():
            yield name, Zone(**{selector: words(value) for selector, value in given.items()})

    def _policy(self, base: Mapping[str, Mapping[str, Cell]]) -> dict[str, Mapping[str, Cell]]:
        rows = dict(base)
        for zone, given in entries(self.top.get("policy")).items():
            row = dict(rows.get(zone, {}))
            for form, cell in given.items():
                row[form] = self._cell(cell, row.get(form), ("policy", zone, form))
            rows[zone] = MappingProxyType(row)
        return rows

    def _cell(self, given: object, base: Cell | None, path: reading.Path) -> Cell:
        if not isinstance(given, Mapping):
            return Cell(Severity(str(given)))
        base = base or Cell(Severity.OFF)
        told = {key: Severity(str(severity)) for key, severity in given.items()}
        default = told.pop("default", base.default)
        derived = told.pop("derived", base.derived)
        equated = told.pop("equated", base.equated)
        kinds = {self._kind(word, (*path, word)): severity for word, severity in told.items()}
        return Cell(default, derived, equated, MappingProxyType({**base.kinds, **kinds}))

    def _labels(self) -> tuple[dict[str, dict[str, LabelSpec]], dict[str, frozenset[str]]]:
        labels: dict[str, dict[str, LabelSpec]] = {}
        clean: dict[str, frozenset[str]] = {}
        for node in self._map("labels"):
            seen: set[str] = set()
            for column, given in self._map("labels", node).items():
                path = ("labels", node, column)
                if column.lower() in seen:
                    raise self._complaint(
                        path, f"{where(path)} differs from another column in case only"
                    )
                seen.add(column.lower())
                if given is False:
                    clean[node] = clean.get(node, frozenset()) | {column}
                else:
                    labels.setdefault(node, {})[column] = self._label(given, path)
        return labels, clean

    def _label(self, given: object, path: reading.Path) -> LabelSpec:
        told = given if isinstance(given, Mapping) else {"kind": given}
        inner = (*path, "kind") if isinstance(given, Mapping) else path
        return LabelSpec(
            kind=self._kind(told["kind"], inner),
            form=str(told["form"]) if "form" in told else None,
            keys=words(told.get("keys")),
            line=self.document.line(path),
        )

    def _secrets(self) -> Iterator[Secret]:
        for position, given in self._list("secrets"):
            for sort, name in given.items():
                yield Secret(sort, str(name), self.document.line(("secrets", position)))

    def _literal_keys(self) -> Waiver | None:
        given = self._map("allow_literal_keys")
        if not given:
            return None
        path = ("allow_literal_keys",)
        return Waiver(str(given["reason"]), self._day(given, path), self.document.line(path))

    def _longest_term(self, base: int) -> int:
        given = self.top.get("longest_term_days", base)
        return given if isinstance(given, int) else base

    def _smallest_group(self, base: SmallestGroup) -> SmallestGroup:
        given = self._map("smallest_group")
        path = ("smallest_group", "kinds")
        people = given.get("people", base.people)
        listed = words(given.get("columns"))
        split = (name.rpartition(".") for name in listed)
        return SmallestGroup(
            people=people if isinstance(people, int) else None,
            kinds=tuple(self._kind(word, path) for word in words(given["kinds"]))
            if "kinds" in given
            else base.kinds,
            columns=frozenset((table, column.lower()) for table, _, column in split)
            if "columns" in given
            else base.columns,
        )

    def _functions(self) -> dict[str, str | Mapping[str, object]]:
        functions: dict[str, str | Mapping[str, object]] = {}
        for name, given in self._map("functions").items():
            if name.lower() in functions:
                path = ("functions", name)
                raise self._complaint(
                    path, f"{where(path)} differs from another function in case only"
                )
            functions[name.lower()] = given if isinstance(given, Mapping) else str(given)
        return functions

    def _declassified(self) -> Iterator[Declassified]:
        for position, given in self._list("declassified"):
            path = ("declassified", position)
            yield Declassified(
                node=str(given["node"]),
                columns=words(given["columns"]),
                kinds=tuple(self._kind(word, (*path, "kinds")) for word in words(given["kinds"])),
                reason=str(given["reason"]).strip(),
                by=str(given["by"]).strip() if "by" in given else None,
                until=self._day(given, path),
                line=self.document.line(path),
            )

    def _ignored(self) -> Iterator[Ignored]:
        for position, given in self._list("ignore"):
            path = ("ignore", position)
            yield Ignored(
                rule=str(given["rule"]),
                node=str(given["node"]),
                columns=words(given.get("columns")),
                reason=str(given["reason"]).strip(),
                by=str(given["by"]).strip() if "by" in given else None,
                until=self._day(given, path),
                line=self.document.line(path),
            )

    def _day(self, given: Mapping[str, object], path: reading.Path) -> date:
        try:
            return date.fromisoformat(str(given["until"]))
        except ValueError:
            path = (*path, "until")
            sentence = f"{where(path)} is a day that no calendar has"
            raise self._complaint(path, sentence) from None


def _severity(given: object) -> str:
    return str(given["severity"] if isinstance(given, Mapping) else given)
