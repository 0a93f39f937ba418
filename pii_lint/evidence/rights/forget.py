"""The story of an erasure: find, take out, build and write anew, search, and only then keep it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Protocol

from pii_lint.errors import ConfigError
from pii_lint.evidence.building import BuildFailed, build
from pii_lint.evidence.commit import commit
from pii_lint.evidence.rights.collecting import Collected
from pii_lint.evidence.rights.erasure import Left, Touched, erase, theirs_in, unclear
from pii_lint.evidence.rights.files import holding, spellings, written
from pii_lint.evidence.rights.person import Former, Person, Term, look
from pii_lint.evidence.rights.record import Forgotten, Searched
from pii_lint.holdings import Holdings, Recipient
from pii_lint.warehouse.profile import Target
from pii_lint.warehouse.subject import tombstones
from pii_lint.warehouse.subject.database import Database


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked for."""

    holdings: Holdings
    given: frozenset[tuple[str, str]] | None = field(repr=False)
    # None for whoever was forgotten and has come back
    project_dir: Path
    target: Target | None
    today: date
    build: bool = False
    variables: str | None = None
    leave: frozenset[str] = frozenset()
    # columns whose finds are somebody else's, as schema.table.column
    told: Callable[[str], object] = str


class Place(Protocol):
    """A warehouse, of whichever engine."""

    def foresee(self, order: Order) -> Foreseen:
        """Count what would be done; nothing is touched."""

    def forget(self, order: Order) -> Forgotten:
        """Take the person out. Raises `StillThere`, and leaves all as it was, where something of
        theirs stands in a table that nobody declared."""

    def export(
        self, holdings: Holdings, given: frozenset[tuple[str, str]], role: str | None
    ) -> Collected:
        """Everything that a role may hand over. Raises `ConfigError` where it may not."""

    def forgot(self) -> bool:
        """True where somebody was forgotten here."""

    def lift(self, given: frozenset[tuple[str, str]]) -> int:
        """Take down the tombstones of a person, who may come back then; gives of how many."""


class StillThere(Exception):
    """Something of them stands where nobody declared it; nothing was changed."""

    def __init__(self, cells: tuple[Left, ...]) -> None:
        super().__init__("still there")
        self.cells = cells


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What would be done."""

    touched: tuple[Touched, ...]
    again: bool


def foresee(database: Database, order: Order) -> Foreseen:
    """Count what would be touched. Raises `ConfigError` where nobody is known so."""
    touched = theirs_in(database, order.holdings, _person(database, order))
    again = known_before(database, order)
    if not again and not any(one.rows for one in touched):
        raise ConfigError(
            "Nobody in the warehouse is known by that, and nobody was forgotten who was: check how "
            "it is written, or give the key as TABLE=KEY."
        )
    return Foreseen(touched, again)


def known_before(database: Database, order: Order) -> bool:
    """True where they were forgotten before."""
    standing = tombstones.read(database)
    if order.given is None:
        return True
    return standing is not None and any(standing.holds(*one) for one in order.given)


def _person(database: Database, order: Order) -> Person:
    if order.given is not None:
        return look(database, order.holdings, order.given)
    return look(database, order.holdings, frozenset(), tombstones.read(database))


def taken_out(database: Database, order: Order) -> tuple[Person, tuple[Touched, ...]]:
    """Their rows, taken out in the open transaction, and what they were."""
    person = _person(database, order)
    return person, erase(database, order.holdings, person, order.today)


def built(order: Order, desk: Path, profiles_dir: Path | None = None) -> None:
    """Let dbt make models and snapshots of what is left."""
    words = ["--resource-type", "model", "--resource-type", "snapshot"]
    name = order.target.name if order.target is not None else None
    try:
        build(
            order.project_dir,
            desk,
            words,
            anew=False,
            profiles_dir=profiles_dir,
            target=name,
            variables=order.variables,
        )
    except BuildFailed as broken:
        raise ConfigError(
            f"Without this person dbt can't build {broken.where}: look whether a blanked column "
            "may be null there, or forget without --build."
        ) from None


def sorted_out(found: Iterable[Left], order: Order) -> tuple[tuple[Left, ...], tuple[Left, ...]]:
    """Finds that count, and those of which somebody says that they are another's."""
    counted: list[Left] = []
    excused: list[Left] = []
    for one in found:
        name = f"{one.table}.{one.column}".lower()
        (excused if name in order.leave else counted).append(one)
    return tuple(counted), tuple(excused)


def recorded(
    order: Order,
    person: Person,
    touched: tuple[Touched, ...],
    *,
    engine: str,
    excused: tuple[Left, ...],
    bytes_told: str,
    bytes_found: int | None,
    again: bool,
    statistics: tuple[Left, ...] = (),
) -> Forgotten:
    """What may be filed."""
    wanted = spellings(one for one in person.terms if one.fit == "part")
    return Forgotten(
        day=order.today,
        engine=engine,
        commit=commit(order.project_dir),
        manifest=order.holdings.manifest,
        policy=order.holdings.policy,
        touched=touched,
        kept=order.holdings.kept,
        searched=_searched(person.former, person.terms),
        cells=(),
        excused=excused,
        bytes=bytes_told,
        bytes_found=bytes_found,
        statistics=statistics,
        files=tuple(holding(order.project_dir, written(order.project_dir), wanted)),
        seeds=tuple(holding(order.project_dir, order.holdings.seeds, wanted)),
        recipients=concerned(order.holdings, touched),
        built=order.build,
        again=again,
        unclear=unclear(order.holdings),
    )


def concerned(holdings: Holdings, touched: Iterable[Touched]) -> tuple[Recipient, ...]:
    """Who got something of the tables in which they stood; everybody where nobody knows these."""
    names = {one.called for one in touched if one.rows}
    nodes = {one.node for one in holdings.held if one.called in names}
    return tuple(one for one in holdings.recipients if not nodes or nodes & one.of)


def _searched(former: Iterable[Former], terms: Iterable[Term]) -> Searched:
    skipped = {"somebody else has it, too": 0, "too short, or a day": 0}
    count = 0
    for one in former:
        if not one.telling:
            skipped["too short, or a day"] += 1
        elif one.shared:
            skipped["somebody else has it, too"] += 1
        else:
            count += 1
    return Searched(count, sum(1 for term in terms if term.pseudonym), skipped)
