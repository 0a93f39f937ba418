"""What a project's policy says, once it is read and checked."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date

from pii_lint.data.shape import nearest
from pii_lint.errors import ConfigError
from pii_lint.findings import Severity
from pii_lint.tiers import Tier

POLICY_FILE = "pii_lint.yml"
UNZONED = "unzoned"
"""The matrix's row for models that no zone claims."""


def complaint(file: str, line: int, sentence: str) -> ConfigError:
    """An error about one line of a policy file."""
    end = "" if sentence.endswith("?") else "."
    return ConfigError(f"{file}:{line}: {sentence}{end}")


@dataclass(frozen=True, slots=True)
class Zone:
    """Which nodes belong to a zone; one match is enough."""

    paths: tuple[str, ...] = ()
    schemas: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    access: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LabelSpec:
    """A personal column that the policy file names instead of the column's own YAML."""

    kind: str
    # dotted
    form: str | None = None
    keys: tuple[str, ...] = ()
    # of a JSON column: the personal keys, as written
    line: int = 1


@dataclass(frozen=True, slots=True)
class Secret:
    """A place where a salt or key comes from."""

    sort: str
    # column, relation, setting, variable, function
    name: str
    line: int = 1


@dataclass(frozen=True, slots=True)
class Waiver:
    """Leave to do something unsafe for a while."""

    reason: str
    until: date
    line: int = 1


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of the matrix. A kind that is named goes first, then `derived` or `equated`."""

    default: Severity
    derived: Severity | None = None
    # of `partial`: declared derivations; None as `default`
    equated: Severity | None = None
    # of `signal`: columns equated with a personal one; None as `default`
    kinds: Mapping[str, Severity] = field(default_factory=dict)
    # dotted


@dataclass(frozen=True, slots=True)
class Declassified:
    """Columns that somebody answers for until a day."""

    node: str
    columns: tuple[str, ...]
    # `*` for all
    kinds: tuple[str, ...]
    # dotted
    reason: str
    by: str | None
    until: date
    line: int = 1


@dataclass(frozen=True, slots=True)
class Ignored:
    """Findings of one rule that somebody lets pass until a day."""

    rule: str
    node: str
    columns: tuple[str, ...]
    # empty for all
    reason: str
    by: str | None
    until: date
    line: int = 1


@dataclass(frozen=True, slots=True)
class SmallestGroup:
    """When a number folded from many rows says little of one person."""

    people: int | None = None
    # that each group must demand; None where no number of them is enough
    kinds: tuple[str, ...] = ()
    # dotted: a column of such a kind has one value a person
    columns: frozenset[tuple[str, str]] = frozenset()
    # unique_id and lower-case column: they have, too


@dataclass(frozen=True, slots=True)
class Config:
    """A project's policy over the shipped one; `load_config()` gives the shipped one alone."""

    zones: Mapping[str, Zone]
    policy: Mapping[str, Mapping[str, Cell]]
    # by zone, then by form
    labels: Mapping[str, Mapping[str, LabelSpec]] = field(default_factory=dict)
    # by unique_id, then by column as written
    clean: Mapping[str, frozenset[str]] = field(default_factory=dict)
    # columns declared not personal, by unique_id
    secrets: tuple[Secret, ...] = ()
    allow_literal_keys: Waiver | None = None
    smallest_group: SmallestGroup = SmallestGroup()
    functions: Mapping[str, str | Mapping[str, object]] = field(default_factory=dict)
    # a class, or a mapping with `class`, `roles` and `reason`
    kinds: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    # for `load_registry`
    roles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    # cleared to read data of a class, as names or globs
    rules: Mapping[str, Severity] = field(default_factory=dict)
    declassified: tuple[Declassified, ...] = ()
    ignored: tuple[Ignored, ...] = ()
    fail_on: Severity = Severity.ERROR
    longest_term_days: int = 731
    # from today: what somebody lets pass for longer doesn't pass
    tier: Tier | None = None
    # what commands may touch; None where the policy states none, and the first one holds
    dialect: str | None = None
    file: str | None = None
    # None where the project has no policy file
    rule_lines: Mapping[str, int] = field(default_factory=dict)

    @property
    def secret_settings(self) -> frozenset[str]:
        """Secrets that a session holds: `variable:name`, `setting:name`, `function:name`."""
        return frozenset(
            f"{secret.sort}:{secret.name.lower()}"
            for secret in self.secrets
            if secret.sort in ("setting", "variable", "function")
        )

    @property
    def secret_columns(self) -> frozenset[tuple[str, str]]:
        """Secrets in the warehouse: unique_id and lower-case column, `*` for a whole relation."""
        whole = {(secret.name, "*") for secret in self.secrets if secret.sort == "relation"}
        split = (secret.name.rpartition(".") for secret in self.secrets if secret.sort == "column")
        return frozenset(whole | {(relation, column.lower()) for relation, _, column in split})

    def refuse_unknown_rules(self, codes: Collection[str]) -> None:
        """Raise `ConfigError` for a rule that the policy file names and nobody ships."""
        named = [*self.rule_lines.items(), *((each.rule, each.line) for each in self.ignored)]
        for code, line in named:
            if code not in codes:
                hint = nearest(code, sorted(codes), case=str.upper)
                raise complaint(self.file or POLICY_FILE, line, f"there is no rule `{code}`{hint}")
