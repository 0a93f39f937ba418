"""What people signed: declassified columns and exports, for which kinds, by whom, until when."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from pii_lint.data.registry import Registry
from pii_lint.labels import Form, Label

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?![0-9])")
"""As people write it: a week or a day of the year is read by few of them."""


@dataclass(frozen=True, slots=True)
class Declassification:
    """A statement that a column may be read, or that nothing of these kinds is left in it."""

    node: str
    column: str | None
    # None: every column of the node
    kinds: tuple[str, ...]
    reason: str | None
    by: str | None
    until: date | None
    line: int | None = None
    # in the policy file; None where it stands beside the column
    latest: date = date.max
    # the last day that the policy allows

    @property
    def lacks(self) -> tuple[str, ...]:
        """The mandatory words that aren't there."""
        words = {"kinds": self.kinds, "reason": self.reason, "until": self.until}
        return tuple(word for word, value in words.items() if not value)

    def covers(self, kind: str, form: str) -> bool:
        """True where a label is of one of the kinds; `unknown` stands for lost sight."""
        if form == Form.UNKNOWN.word:
            return form in self.kinds
        return _within(kind, self.kinds)

    def holds(self, today: date) -> bool:
        """True where it is whole and not expired."""
        return not self.lacks and self.until is not None and today <= self.until <= self.latest


@dataclass(frozen=True, slots=True)
class SignOff:
    """Somebody's word that an export may hand out these kinds in these forms."""

    approved_by: str | None
    approved_on: date | None
    until: date | None
    kinds: tuple[str, ...]
    forms: tuple[str, ...]

    def gap(self, label: Label, today: date, latest: date) -> str | None:
        """Why the sign-off doesn't allow this label; None where it does."""
        words = {
            "approved_by": self.approved_by,
            "approved_on": self.approved_on,
            "until": self.until,
            "kinds": self.kinds,
            "forms": self.forms,
        }
        lacks = [word for word, value in words.items() if not value]
        if lacks or self.approved_on is None or self.until is None:
            return f"its sign-off lacks {listed(lacks)}"
        if today < self.approved_on:
            return f"its sign-off starts only on {self.approved_on}"
        if self.until < today:
            return f"its sign-off expired on {self.until}"
        if self.until > latest:
            return f"its sign-off lasts until {self.until}, longer than the policy allows"
        if not _within(label.kind, self.kinds):
            return f"its sign-off doesn't cover the kind {label.kind}"
        if label.form.word not in self.forms:
            return f"its sign-off doesn't cover {label.kind} in the form {label.form.word}"
        return None


def declassifications(
    node: str, column: str | None, stated: object, registry: Registry
) -> Iterator[Declassification]:
    """What a `pii_declassified` says: one statement, or a list of them."""
    if isinstance(stated, Sequence) and not isinstance(stated, str):
        for one in stated:
            yield from declassifications(node, column, one, registry)
        return
    told = stated if isinstance(stated, Mapping) else {}
    yield Declassification(
        node=node,
        column=column,
        kinds=_kinds(told.get("kinds"), registry),
        reason=_text(told.get("reason")),
        by=_text(told.get("by")),
        until=as_date(told.get("until")),
    )


def sign_off(meta: Mapping[str, object], registry: Registry) -> SignOff | None:
    """The sign-off in an exposure's meta."""
    told = meta.get("sign_off")
    if told is None:
        return None
    told = told if isinstance(told, Mapping) else {}
    return SignOff(
        approved_by=_text(told.get("approved_by")),
        approved_on=as_date(told.get("approved_on")),
        until=as_date(told.get("until")),
        kinds=_kinds(told.get("kinds"), registry),
        forms=_words(told.get("forms")),
    )


def as_date(value: object) -> date | None:
    """A day, as YAML or JSON gives it; None for anything else."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if not isinstance(value, str) or _DAY.match(value) is None:
        return None
    try:
        return datetime.fromisoformat(value).date()
    except ValueError:
        return None


def listed(words: Sequence[str]) -> str:
    """`a, b and c`, each as code."""
    quoted = [f"`{word}`" for word in words]
    return " and ".join(filter(None, [", ".join(quoted[:-1]), *quoted[-1:]]))


def _within(kind: str, kinds: Sequence[str]) -> bool:
    return any(kind == wide or kind.startswith(f"{wide}.") for wide in kinds)


def _kinds(value: object, registry: Registry) -> tuple[str, ...]:
    return tuple(registry.resolve(word) for word in _words(value))


def _words(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    if isinstance(value, Sequence):
        return tuple(str(word) for word in value)
    return ()


def _text(value: object) -> str | None:
    return str(value).strip() or None if value is not None else None
