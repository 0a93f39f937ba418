"""What a changed personal value moves, held against the labels that the engine gives."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import reduce
from operator import and_

import duckdb

from pii_lint.propagation.inventory import RelationFacts
from tests.corpus.harness import SCHEMA, inventory, model_id, word, world

from .copies import (
    SALT,
    SALTS,
    VARIANTS,
    Choice,
    Copies,
    Models,
    Output,
    canaries,
    origins,
    variants,
)

CANARY = 6
"""Characters from which on a value found in an output can be no coincidence."""
MEANING = {
    "moves": "changes with the unlabelled",
    "holds": "shows in clear what is labelled otherwise,",
    "unmasked": "passes as a pseudonym but doesn't depend on the salt:",
    "shape": "stands in the output, but not in the analyser's",
    "crash": "made the analyser fail with",
}


@dataclass(frozen=True, slots=True)
class Miss:
    """A column that shows what its labels deny."""

    why: str
    # a key of MEANING
    column: str
    origin: str

    def __str__(self) -> str:
        return f"{self.column} {MEANING[self.why]} {self.origin}".strip()


@dataclass(slots=True)
class Verdict:
    """One program's outcome. `idle` are clear labels that no change moved, where that was asked."""

    misses: list[Miss] = field(default_factory=list)
    labelled: bool = False
    unknown: bool = False
    empty: bool = False
    extra: tuple[str, ...] = ()
    # columns that only the analyser sees
    pairs: int = 0
    idle: tuple[tuple[str, str], ...] = ()
    runs: int = 0


class Oracle:
    """Judges programs; keeps the altered copies."""

    def __init__(self) -> None:
        self.copies = Copies()
        self.origins = list(origins())
        self.variants = {origin: list(variants(origin)) for origin in self.origins}
        self.canaries = {
            origin: [c for c in canaries(origin) if len(c) >= CANARY] for origin in self.origins
        }
        self.canaries |= {origin: [] for origin in self.origins if born_otherwise(origin)}

    def judge(self, models: Models, *, precision: bool = False) -> Verdict:
        """Hold one program against the engine. Raises `duckdb.Error` where DuckDB rejects it."""
        return _Trial(self, models, precision).verdict


class _Trial:
    """One program, its labels, and what was seen of it so far."""

    def __init__(self, oracle: Oracle, models: Models, precision: bool) -> None:
        self.oracle = oracle
        self.models = models
        self.verdict = Verdict()
        self.base = oracle.copies.output(models, {})
        self.verdict.empty = not any(self.base.values())
        try:
            facts = inventory(models).relations[model_id(list(models)[-1])]
        except Exception as error:  # noqa: BLE001 - any failure of the analyser is a counterexample
            self.verdict.misses = [Miss("crash", "*", type(error).__name__)]
            return
        written = " ".join(models.values())
        self.read = [o for o in oracle.origins if f"{SCHEMA}.{o.partition('.')[0]}" in written]
        self.rows = {word(label).partition("=")[0] for label in facts.signals}
        self.words = {name: _words(facts, name) for name in self.base}
        self.verdict.labelled = any(self.words.values())
        self.verdict.unknown = any("unknown" in words for words in self.words.values())
        self._shape(facts)
        self._influence()
        self._clear()
        self._masked()
        if precision and not self.verdict.empty:
            self._precision()

    def _run(self, choice: Choice) -> Output | None:
        """What altered data gives; None where it makes the query fail: error messages are out of
        scope."""
        self.verdict.runs += 1
        try:
            return self.oracle.copies.output(self.models, choice)
        except duckdb.Error:
            return None

    def _moved(self, choice: Choice) -> set[str]:
        other = self._run(choice)
        if other is None:
            return set()
        return {name for name in self.base if self.base[name] != other.get(name)}

    def _moved_by(self, some: Iterable[str]) -> set[str]:
        """Columns that move when these origins are altered together, in any way."""
        some = list(some)
        moved: set[str] = set()
        for variant in VARIANTS if some else ():
            moved |= self._moved({o: variant for o in some if variant in self.oracle.variants[o]})
        return moved

    def _note(self, why: str, columns: Iterable[str], origin: str) -> None:
        self.verdict.misses += [Miss(why, name, origin) for name in columns]

    def _shape(self, facts: RelationFacts) -> None:
        """Every column has its name and its place. More columns than there are is only imprecise."""
        known = [name for name in facts.columns if name != "*"]
        self.verdict.extra = tuple(name for name in known if name not in self.base)
        if facts.complete:
            odd = sorted(self.base.keys() - set(known))
            in_order = [name for name in known if name in self.base] == list(self.base)
            self._note("shape", odd or ([] if in_order else ["the order of columns"]), "")

    def _influence(self) -> None:
        """Whatever moves with an origin carries a label of it, or the rows do."""
        open_ = {
            origin: {
                name
                for name, words in self.words.items()
                if origin not in _origins(words) and "unknown" not in words
            }
            for origin in self.read
            if origin not in self.rows
        }
        # those that stand nowhere are altered together first: mostly nothing moves
        nowhere = [o for o, names in open_.items() if len(names) == len(self.base)]
        together = self._moved_by(nowhere) if len(nowhere) > 1 else set(self.base)
        for origin, names in open_.items():
            if origin in nowhere:
                names = names & together
            if names:
                self._note("moves", sorted(names & self._moved_by([origin])), origin)

    def _clear(self) -> None:
        """A value that can be read in an output is labelled clear there."""
        suspects: dict[str, list[str]] = {}
        for origin in self.read:
            covered = {f"{origin}=clear", f"{origin}=equated", "unknown"}
            names = [name for name, words in self.words.items() if not words & covered]
            if names and self.oracle.canaries[origin]:
                suspects[origin] = names
        other = self._run(dict.fromkeys(suspects, "kept")) if suspects else None
        for origin, names in suspects.items() if other is not None else ():
            seen = self.oracle.canaries[origin]
            held = [n for n in names if any(c in cell for cell in other.get(n, ()) for c in seen)]
            self._note("holds", held, origin)

    def _masked(self) -> None:
        """What passes as a pseudonym changes with the salt wherever it changes with the value."""
        suspects: dict[str, list[str]] = {}
        for origin in self.read:
            names = [name for name, words in self.words.items() if _only_pseudonym(words, origin)]
            if names and origin not in self.rows:
                suspects[origin] = names
        if not suspects:
            return
        salts = [{}, *({SALT: str(number)} for number in range(len(SALTS)))]
        plain = [self._run(salt) for salt in salts]
        for origin, names in suspects.items():
            changed = [self._run({**salt, origin: "kept"}) for salt in salts]
            for name in names:
                # under every salt the same cells are there, and the same go
                there, gone = _common(plain, name), _gone(plain, changed, name)
                if any(gone[cell] + there[cell] > self.base[name][cell] for cell in gone):
                    self._note("unmasked", [name], origin)

    def _precision(self) -> None:
        """Which clear labels no change moves, whatever stands in the other personal columns."""
        for origin in self.read:
            clear = {name for name, words in self.words.items() if f"{origin}=clear" in words}
            clear -= {name for name in clear if set(self.base[name]) <= {"null"}}
            if not clear:
                continue
            idle = clear - self._moved_by([origin])
            for context in VARIANTS if idle else ():
                idle -= self._moved_in(context, origin)
            self.verdict.pairs += len(clear)
            self.verdict.idle += tuple((name, origin) for name in sorted(idle))

    def _moved_in(self, context: str, origin: str) -> set[str]:
        """What an origin moves where all the others are altered."""
        others = {
            o: context for o in self.read if o != origin and context in self.oracle.variants[o]
        }
        before = self._run(others)
        moved: set[str] = set()
        for variant in self.oracle.variants[origin] if before is not None else ():
            after = self._run({**others, origin: variant})
            if after is not None:
                moved |= {name for name in self.base if before.get(name) != after.get(name)}
        return moved


def _common(outputs: Iterable[Output | None], name: str) -> Counter[str]:
    """The cells that a column has in all outputs."""
    return reduce(and_, (_cells(output, name) for output in outputs))


def _gone(
    before: Iterable[Output | None], after: Iterable[Output | None], name: str
) -> Counter[str]:
    """The cells that a column loses each time. A query that fails afterwards tells nothing."""
    pairs = zip(before, after, strict=True)
    lost = (_cells(b, name) - _cells(b if a is None else a, name) for b, a in pairs)
    return reduce(and_, lost)


def _cells(output: Output | None, name: str) -> Counter[str]:
    return output.get(name, Counter()) if output is not None else Counter()


def born_otherwise(origin: str) -> bool:
    """True for a column whose values are no clear ones at home."""
    relation, column = origin.split(".")
    return "form" in world()[relation][column]


def _words(facts: RelationFacts, name: str) -> set[str]:
    """A column's labels, in words."""
    column = facts.columns.get(name) or facts.columns.get("*")
    return {word(label) for label in column.labels} if column is not None else set()


def _origins(words: Iterable[str]) -> set[str]:
    return {w.partition("=")[0] for w in words}


def _only_pseudonym(words: set[str], origin: str) -> bool:
    mine = {w for w in words if w.startswith(f"{origin}=")}
    return mine == {f"{origin}=pseudonym"} and "unknown" not in words
