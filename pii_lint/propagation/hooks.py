"""What hooks and operations do beside the models' own SQL: whom they write to, and what they leave
in the session for others."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from pii_lint import lineage
from pii_lint.artifacts.hooks import HOLE, SILENCE, HookReader
from pii_lint.artifacts.model import Node, Project
from pii_lint.data.functions import FunctionSpec
from pii_lint.lineage.effects import OPEN, Assignment, Effect, How, Listing, Lost, Routine, Write
from pii_lint.lineage.session import routine
from pii_lint.lineage.statements import Reader
from pii_lint.lineage.summary import TAIL, RelationName, Shape, Summary

from .binding import Binder

RELATIONS = ("model", "seed", "snapshot", "source")
MADE = ("model", "seed", "snapshot")
_READS = re.compile(r"\b(?:from|join|select|table)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Writing:
    """A statement that writes into a relation of the project."""

    by: Node
    # whose hook it is, or the operation
    effect: Write | Lost
    text: str
    # it stands in this SQL
    part: str = "hook"

    def called(self, target: Node) -> str:
        """Where the statement stands, as seen from the relation that it writes to."""
        if self.by.resource_type == "operation":
            return f"the operation {self.by.name}"
        if self.by is target:
            return f"a {self.part}"
        return f"a {self.part} of the {self.by.resource_type} {self.by.name}"


@dataclass(frozen=True, slots=True)
class Carrier:
    """A variable, function or macro that hands on data of the relations that it reads."""

    by: Node
    query: lineage.Query
    parameters: tuple[str, ...]
    text: str


@dataclass(slots=True)
class Hooks:
    """All hooks, operations and functions of one manifest."""

    writings: dict[str, list[Writing]] = field(default_factory=dict)
    # by the relation that is written to
    carriers: dict[str, list[Carrier]] = field(default_factory=dict)
    # by `variable:name` and `function:name`, lower case
    functions: dict[str, FunctionSpec] = field(default_factory=dict)
    # over the catalogue's: what calls of the project's own functions do
    own: lineage.Overrides = field(default_factory=dict)
    # nodes of the parser that may stand for such calls
    blind: dict[str, list[str]] = field(default_factory=dict)
    # operations that can't be followed and may have written anywhere
    asked: dict[str, str] = field(default_factory=dict)
    # by node: what its template and its macros ask while dbt renders it
    strangers: list[tuple[RelationName, Writing]] = field(default_factory=list)
    # what is written into relations that dbt doesn't make, and into files

    def reads(self, uid: str, code: str) -> Iterator[tuple[str, RelationName]]:
        """What has to be known before a relation, each name with the node that says it."""
        texts = {code}
        for writing in self.writings.get(uid, ()):
            if isinstance(writing.effect, Write):
                texts.add(writing.text)
                for name in writing.effect.query.relations:
                    yield writing.by.unique_id, name
        for carrier in self._mentioned(texts):
            for name in carrier.query.relations:
                yield carrier.by.unique_id, name

    def _mentioned(self, texts: set[str]) -> Iterator[Carrier]:
        """The carriers that texts name, and those that these name."""
        left = dict(self.carriers)
        while found := [key for key in left if any(_names(text, key) for text in texts)]:
            for key in found:
                for carrier in left.pop(key):
                    texts.add(carrier.text)
                    yield carrier


def _names(text: str, key: str) -> bool:
    word = key.partition(":")[2]
    if not re.fullmatch(r"\w+", word):
        return word in text
    return re.search(rf"(?<!\w){word}(?!\w)", text, re.IGNORECASE) is not None


def find_hooks(
    project: Project,
    binder: Binder,
    dialect: str,
    functions: Mapping[str, FunctionSpec],
    vouched: Collection[str],
) -> Hooks:
    """Read every hook. `vouched` are functions whose class the policy states."""
    finder = _Finder(project, binder, dialect, functions)
    for _, node in sorted(project.nodes.items()):
        if node.resource_type == "function":
            finder.function(node)
        elif node.resource_type == "operation" and node.compiled_code is not None:
            finder.statements(node, node.compiled_code)
            finder.unseen(node)
        elif node.resource_type == "operation":
            finder.template(node, node.raw_code or "")
        elif node.resource_type in RELATIONS:
            for template in (*node.pre_hooks, *node.post_hooks):
                finder.template(node, template)
            finder.unseen(node)
    finder.settle({name.lower() for name in vouched})
    return finder.hooks


class _Finder:
    def __init__(
        self,
        project: Project,
        binder: Binder,
        dialect: str,
        functions: Mapping[str, FunctionSpec],
    ) -> None:
        self.hooks = Hooks()
        self._project = project
        self._binder = binder
        self._dialect = dialect
        self._functions = functions
        self._templates = HookReader(project)
        self._reader = Reader(dialect, functions, HOLE, SILENCE)
        self._routines: list[tuple[Node, Routine, str]] = []
        self._strangers: list[tuple[RelationName, Writing]] = []
        self._passing: set[str] = set()
        self._listings: list[tuple[Node, Listing, str]] = []

    def template(self, node: Node, template: str) -> None:
        """A hook as it stands in the manifest."""
        rendered = self._templates.render(template, node)
        for sql in rendered.ways:
            if rendered.lost is None:
                self.statements(node, sql)
            else:
                lost = self._reader.lost(sql, rendered.lost)
                self._lost(node, Lost(lost.reason, lost.targets), sql)

    def unseen(self, node: Node) -> None:
        """What a node runs while dbt renders its template."""
        run = self._templates.run(node.raw_code, node) if node.raw_code else None
        if run is None:
            return
        self.hooks.asked[node.unique_id] = run.asked
        if self._templates.writes(run.whole):
            lost = self._reader.lost(
                run.whole, "it runs what may write, and no compiled SQL shows that"
            )
            self._lost(node, Lost(lost.reason, lost.targets), run.whole, "template")

    def statements(self, node: Node, sql: str) -> None:
        """A text of SQL that runs beside the models."""
        for effect in self._reader.effects(sql):
            self._note(node, effect, sql)

    def function(self, node: Node) -> None:
        """A function that dbt makes."""
        body = node.compiled_code or node.raw_code or ""
        if node.language != "sql":
            return
        for name in sorted({node.name, node.alias or node.name}):
            made = routine(name.lower(), node.arguments, body, self._dialect)
            if made.query is not None or _READS.search(body):
                self._routines.append((node, made, body))

    def _note(self, node: Node, effect: Effect, sql: str) -> None:
        if isinstance(effect, Assignment):
            carrier = Carrier(node, effect.query, (), sql)
            self.hooks.carriers.setdefault(f"variable:{effect.name}", []).append(carrier)
        elif isinstance(effect, Routine):
            self._routines.append((node, effect, sql))
        elif isinstance(effect, Listing):
            self._listings.append((node, effect, sql))
        elif isinstance(effect, Lost):
            self._lost(node, effect, sql)
        else:
            self._into(effect.target, Writing(node, effect, sql))

    def _lost(self, node: Node, effect: Lost, sql: str, part: str = "hook") -> None:
        writing = Writing(node, effect, sql, part)
        for target in effect.targets:
            self._into(target, writing)
        if effect.sure:
            return
        if node.resource_type in RELATIONS:
            self._add(node.unique_id, writing)
        else:
            reasons = self.hooks.blind.setdefault(node.unique_id, [])
            reasons.append(f"the operation can't be followed: {effect.reason}")

    def _into(self, target: RelationName, writing: Writing) -> None:
        """What stands left of a hole in a name is as open as the hole."""
        parts = target.parts
        for i, (text, _) in enumerate(target.parts):
            if HOLE in text or SILENCE in text:
                parts = target.parts[i + 1 :]
        if not parts:
            self._strangers.append((OPEN, writing))
            self._lost(writing.by, Lost("it names its target only when dbt runs"), writing.text)
            return
        owners = self._binder.bind(RelationName(parts), writing.by.unique_id)
        if isinstance(writing.effect, Write) and writing.effect.temporary:
            self._passing.add(parts[-1][0].lower())
        if not any(self._project.nodes[uid].resource_type in MADE for uid in owners):
            self._strangers.append((RelationName(parts), writing))
        for uid in owners:
            if self._project.nodes[uid].resource_type in RELATIONS:
                self._add(uid, writing)

    def _add(self, uid: str, writing: Writing) -> None:
        known = self.hooks.writings.setdefault(uid, [])
        if writing not in known:
            known.append(writing)

    def settle(self, vouched: Collection[str]) -> None:
        """Say what calls of the project's own functions do. Those that read nothing transform their
        arguments, whatever the engine's function of that name does."""
        self.hooks.strangers = [
            (name, writing)
            for name, writing in self._strangers
            if name.parts[-1][0].lower() not in self._passing
        ]
        self._list()
        rest = [made for made in self._routines if made[1].name not in vouched]
        reading = True
        while reading:
            reading = False
            for made in list(rest):
                node, effect, text = made
                if effect.query is None:
                    self.hooks.functions[effect.name] = FunctionSpec(effect.name, "external", ())
                elif effect.query.relations or self._reaches(text):
                    carrier = Carrier(node, effect.query, effect.parameters, text)
                    key = f"function:{effect.name}"
                    self.hooks.carriers.setdefault(key, []).append(carrier)
                    spec = FunctionSpec(effect.name, "routine", ())
                    self.hooks.functions.setdefault(effect.name, spec)
                else:
                    continue
                rest.remove(made)
                reading = True
        self.hooks.own = lineage.overrides(
            {effect.name for _, effect, _ in self._routines} - set(vouched), self._dialect
        )
        overridden = {name for names in self.hooks.own.values() for name in names}
        for _, effect, _ in rest:
            if effect.name in self._functions or effect.name in overridden:
                spec = FunctionSpec(effect.name, "transform", ())
                self.hooks.functions.setdefault(effect.name, spec)

    def _list(self) -> None:
        """A type whose values a query chose may give them to whatever names it."""
        for by, listing, sql in self._listings:
            lost = Lost("a query chooses the values of a type that is named here")
            for uid, node in self._project.nodes.items():
                texts = (node.compiled_code or "", *node.pre_hooks, *node.post_hooks)
                if node.resource_type in MADE and any(
                    _names(text, f"type:{listing.name}") for text in texts
                ):
                    self._add(uid, Writing(by, lost, sql))

    def _reaches(self, text: str) -> bool:
        """True where a text names what hands on data of relations."""
        names = (*self.hooks.carriers, *(f"function:{name}" for name in self.hooks.functions))
        return any(_names(text, name) for name in names)


def placed(write: Write, summary: Summary, shape: Shape) -> Iterator[tuple[int | None, str]]:
    """Which of a query's columns goes into which of its target's; None for those that nobody
    listed."""
    count = len(summary.columns)
    every = [c.name for c in shape.columns] + ([] if shape.complete else [TAIL])
    if write.how is How.ROWS:
        return
    if write.how is How.NAME:
        yield from enumerate(c.shape.name for c in summary.columns)
        if summary.tail is not None:
            yield from ((None, name) for name in every)
        return
    listed = list(write.columns) or ([c.name for c in shape.columns] if shape.ordered else [])
    aligned = write.how is How.PLACE and summary.shape.ordered and summary.tail is None
    if aligned and listed and count <= len(listed):
        yield from enumerate(listed[:count])
        return
    for name in list(write.columns) or every:
        yield from ((i, name) for i in range(count))
        if summary.tail is not None:
            yield None, name
