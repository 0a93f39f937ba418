"""Change one kind of personal data at a time, build anew, and see what moves."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

from pii_lint.evidence.building import BuildFailed
from pii_lint.evidence.compare import Pair
from pii_lint.evidence.record import ColumnEvidence, KindEvidence, Verdict
from pii_lint.evidence.scratch import Scratch
from pii_lint.foretold import Expected, Forecast, Place, Prediction

_READABLE = frozenset({"clear", "partial", "weak"})


@dataclass(frozen=True, slots=True)
class Move:
    """A column that differs after one kind was altered."""

    column: str
    kind: str
    expected: tuple[Expected, ...]
    # its labels of that kind
    beside: tuple[str, ...] = ()
    # it differs only in which values of these columns it stands beside
    first: str | None = None

    @property
    def verdict(self) -> Verdict:
        """What this one move says."""
        forms = {one.form for one in self.expected}
        if not forms:
            return Verdict.HOLE
        if not forms & {*_READABLE, "unknown"}:
            return Verdict.FORETOLD
        open_ = [one for one in self.expected if one.form in {*_READABLE, "unknown"}]
        if all(one.excused for one in open_):
            return Verdict.EXCUSED
        return Verdict.READABLE if forms & _READABLE else Verdict.UNSEEN


@dataclass(slots=True)
class Trials:
    """What was seen so far, by relation."""

    prediction: Prediction
    kinds: list[KindEvidence] = field(default_factory=list)
    moves: dict[str, list[Move]] = field(default_factory=dict)
    unstable: dict[str, frozenset[str]] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    there: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def safe(self) -> Iterator[Forecast]:
        """The relations that the promise is about."""
        return (one for one in self.prediction.relations if one.safe)


def trials(scratch: Scratch, prediction: Prediction, told: Callable[[str], object] = str) -> Trials:
    """Build the warehouse as it is, twice, and once for each kind. `told` hears of each step.

    Raises `ConfigError` where the warehouse can't be built as it is.
    """
    found = Trials(prediction)
    told("as it is")
    before, again = scratch.plain("before"), scratch.plain("again")
    scratch.build(before)
    scratch.build(again)
    with Pair(before, again) as pair:
        for one in prediction.relations:
            moved = pair.moved(one.table)
            found.unstable[one.node] = frozenset({*moved.columns, *moved.together})
            found.rows[one.node] = moved.rows
            found.there[one.node] = pair.columns(one.table)
    shutil.rmtree(again.parent)
    for kind, places in by_kind(prediction.places):
        told(kind)
        after, altered = scratch.altered(f"kind_{len(found.kinds)}", prediction.given, places)
        failed = None
        if any(one.altered for one in altered):
            try:
                scratch.build(after)
            except BuildFailed as broken:
                failed = broken.where
            else:
                with Pair(before, after) as pair:
                    _look(found, pair, places)
        found.kinds.append(KindEvidence(kind, altered, failed))
        shutil.rmtree(after.parent)
    return found


def by_kind(places: Sequence[Place]) -> Iterator[tuple[str, tuple[Place, ...]]]:
    ordered = sorted(places, key=lambda place: (place.kind, place.node, place.column))
    for kind, some in groupby(ordered, key=lambda place: place.kind):
        yield kind, tuple(some)


def _look(found: Trials, pair: Pair, places: tuple[Place, ...]) -> None:
    """Note what moved in the safe marts, and for a hole where it first did."""
    for one in found.safe:
        for move in _moves(found, pair, one, places):
            if move.verdict is Verdict.HOLE:
                move = replace(move, first=_first(found, pair, one, places))
            found.moves.setdefault(one.node, []).append(move)


def _first(found: Trials, pair: Pair, mart: Forecast, places: tuple[Place, ...]) -> str | None:
    """The first relation above a mart in which something moves without a label."""
    above = {mart.node}
    for one in reversed(found.prediction.relations):
        if one.node in above:
            above.update(one.reads)
    for one in found.prediction.relations:
        if one.node in above:
            for move in _moves(found, pair, one, places):
                if not move.expected:
                    return f"{one.name}.{move.column}"
    return None


def _moves(found: Trials, pair: Pair, one: Forecast, places: tuple[Place, ...]) -> Iterator[Move]:
    labels = {name.lower(): labels for name, labels in one.columns.items()}
    # a column that no name was known for stands under the open tail
    expected = {
        name: tuple(
            label
            for label in (*labels.get(name.lower(), labels.get("*", ())), *one.rows)
            if _foretells(label, places, found.prediction)
        )
        for name in found.there[one.node]
    }
    unstable = found.unstable[one.node]
    free = unstable | {name for name, labels in expected.items() if labels}
    moved = pair.moved(one.table, free)
    kind = places[0].kind
    for name in sorted(moved.columns - unstable):
        yield Move(name, kind, expected.get(name, ()))
    for name in moved.together:
        beside = tuple(other for other in moved.together if other != name)
        yield Move(name, kind, expected.get(name, ()), beside)


def _foretells(label: Expected, places: tuple[Place, ...], prediction: Prediction) -> bool:
    """True for a label that says: this moves when values of these places change."""
    if label.form == "unknown":
        return True
    node, column = label.place
    born = {(place.node, place.column.lower()) for place in places}
    # what was declared midway says of itself which kind it is
    if node in prediction.given and (node, column.lower()) not in born:
        return False
    kind = places[0].kind
    return prediction.derived.get(label.kind, label.kind) == kind


_ORDER = (
    *(Verdict.HOLE, Verdict.READABLE, Verdict.UNSEEN, Verdict.EXCUSED, Verdict.FORETOLD),
    *(Verdict.UNSTABLE, Verdict.STILL, Verdict.CLEAN),
)


def columns(found: Trials) -> Iterator[ColumnEvidence]:
    """The verdict on every column of every safe mart, the worst that any kind says."""
    for one in found.safe:
        labels = {name.lower(): labels for name, labels in one.columns.items()}
        moves = found.moves.get(one.node, ())
        for name in found.there[one.node]:
            own = labels.get(name.lower(), labels.get("*", ()))
            mine = sorted(
                (move for move in moves if move.column == name),
                key=lambda move: _ORDER.index(move.verdict),
            )
            if mine:
                worst = mine[0]
                verdict, first, note = worst.verdict, worst.first, _note(worst)
            else:
                unstable = name in found.unstable[one.node]
                verdict = Verdict.STILL if own else Verdict.CLEAN
                verdict, first, note = Verdict.UNSTABLE if unstable else verdict, None, ""
            yield ColumnEvidence(
                relation=one.name,
                column=name,
                verdict=verdict,
                moved_by=tuple(sorted({move.kind for move in mine})),
                forms=tuple(sorted({label.form for label in own})),
                first=first,
                note=note,
            )


def _note(move: Move) -> str:
    if move.verdict is Verdict.EXCUSED:
        return "; ".join(sorted({one.excused for one in move.expected if one.excused}))
    if move.beside:
        return f"by which values stand beside it in {', '.join(move.beside)}"
    return ""
