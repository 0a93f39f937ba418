"""Linking: names are bound to nodes, summaries to labels, in the order that the SQL itself
gives."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from copy import copy
from dataclasses import dataclass, field

from pii_lint import lineage, progress
from pii_lint.artifacts.model import Column, Node, Project
from pii_lint.config import Config
from pii_lint.data.functions import load_functions
from pii_lint.data.materializations import is_known
from pii_lint.data.registry import Kind, Registry
from pii_lint.labels import (
    CHANGED_SECRET,
    MAYBE_NULL,
    OF_CHANGED,
    READABLE,
    SECRET,
    UNKNOWN,
    VALUE_FORMS,
    Form,
    Label,
    Origin,
    carry,
)
from pii_lint.lineage.effects import FILE, How, Lost, Write
from pii_lint.lineage.summary import (
    BUCKET,
    CHANGED,
    DECLARED,
    HELD,
    KEYS,
    NULLABLE,
    ROW_ID,
    ROWS,
    SCALAR,
    SETTING,
    TAIL,
    TRANSFORM,
    Chain,
    Decode,
    Digest,
    Edge,
    Edges,
    Flow,
    Fold,
    MaskCall,
    Ref,
    Shape,
    ShapeColumn,
    Signal,
    Span,
    Summary,
    Test,
)
from pii_lint.lineage.summary import UNKNOWN as LOST

from .binding import Binder
from .branches import unseen_branch
from .declared import ANY_DEPTH, LATENT, Position, born, columns_of, is_tagged, shape_of
from .hooks import Carrier, Writing, find_hooks, placed
from .inventory import (
    BlindSpot,
    ColumnFacts,
    Failures,
    Inflow,
    Inventory,
    MaskFacts,
    Opened,
    Outlet,
    RelationFacts,
    Via,
)
from .inventory import Span as FactSpan
from .memory import few_collections
from .order import groups
from .people import People
from .renewal import Watched, only_queries
from .sharing import Sharing, Task, shared
from .summaries import Summaries

Labels = dict[Label, Via | None]
Taken = tuple[Position, str, str, Label, Via | None]
"""What is left of a label's place, the node and column that it stands on, the label, its way."""
Line = tuple[str, ...]
"""The names by which a row was read on its way, and the source or seed whose row it is."""
MOST_ROUNDS = 30
"""Rounds after which a cycle's labels are taken as they are; they only grow, and each label can
arrive but once."""


@dataclass(slots=True)
class Linked:
    """A relation with its labels by place inside each column, and what else a reader needs to know
    of it."""

    shape: Shape
    columns: dict[str, dict[Position, Labels]] = field(default_factory=dict)
    facts: RelationFacts = field(default_factory=RelationFacts)
    singles: dict[str, frozenset[str]] = field(default_factory=dict)
    # column -> source tables of which it holds one value a row
    filtered: bool = False
    held: frozenset[str] = frozenset()
    # source tables of which all its rows together hold one row
    lines: dict[str, tuple[Line, str]] = field(default_factory=dict)
    # column -> where each of its rows comes from, and the column that it is there

    def origins(self) -> set[str]:
        """The nodes where its labels were born."""
        places = (labels for column in self.columns.values() for labels in column.values())
        return {label.origin.node for labels in places for label in labels}

    def at(self, ref: Ref) -> Iterator[tuple[Position, str, Labels]]:
        """The labels that a ref takes: what is left of their place, the column they stand on, the
        labels."""
        if ref.column == ROWS:
            yield (), TAIL, self.facts.signals
            return
        if ref.column in (ROW_ID, HELD):
            return
        key = ref.column if ref.column in self.columns else TAIL
        for position, labels in self.columns.get(key, {}).items():
            rest = remaining(position, ref.path)
            if rest is not None:
                yield rest, key, labels


def remaining(position: Position, path: tuple[str, ...]) -> Position | None:
    """Where a label stands inside what a path takes out; None where the path passes it by."""
    for i, step in enumerate(position):
        rest = path[i:]
        if not rest:
            return position[i:]
        if step in (ANY_DEPTH, LATENT):
            key = position[i + 1]
            if key in rest or (step == ANY_DEPTH and rest == (SCALAR,)):
                # the key itself, or the whole document read as text
                return ()
            return None if rest[-1] in (SCALAR, KEYS) else (LATENT, key)
        if rest[0] == SCALAR:
            return ()
        if step != rest[0]:
            return None
    return ()


def trace(
    projects: Sequence[Project], config: Config, registry: Registry, *, remember: bool = False
) -> Inventory:
    """Every column of every relation with its labels. Several manifests of one project are united.
    `remember`: summaries of queries are kept for the next run."""
    return follow(projects, config, registry, remember=remember)[0]


def follow(
    projects: Sequence[Project],
    config: Config,
    registry: Registry,
    *,
    remember: bool = False,
    before: Origins | None = None,
) -> tuple[Inventory, Origins]:
    """The same, with what columns are made of. `before`: what this process found last; relations
    that nothing new flows into stand there as they did, the very objects."""
    merged: dict[str, RelationFacts] = {}
    outlets: dict[Outlet, None] = {}
    failures: dict[str, Failures] = {}
    again = before.renewed(projects, config) if before is not None else None
    linkers = again or [
        Linker(project, projects, config, registry, remember=remember) for project in projects
    ]
    for linker in linkers:
        for uid, facts in linker.run().items():
            if uid in merged:
                _unite(merged[uid], facts)
            else:
                merged[uid] = facts
        outlets.update(dict.fromkeys(linker.outlets()))
        failures = {**linker.failures, **failures}
    return Inventory(merged, tuple(outlets), failures), Origins(linkers)


def _unite(into: RelationFacts, facts: RelationFacts) -> None:
    for key, column in facts.columns.items():
        mine = into.columns.setdefault(key, ColumnFacts(column.name, named=column.named))
        for label, via in column.labels.items():
            if _nearer(via, mine.labels.get(label), label in mine.labels):
                mine.labels = {**mine.labels, label: via}
    for label, via in facts.signals.items():
        into.signals.setdefault(label, via)
    into.complete = into.complete and facts.complete
    into.reads = tuple(sorted({*into.reads, *facts.reads}))
    into.hooked = tuple(sorted({*into.hooked, *facts.hooked}))
    into.opened |= facts.opened
    into.masks += [mask for mask in facts.masks if mask not in into.masks]
    into.blind += [spot for spot in facts.blind if spot not in into.blind]


def _nearer(new: Via | None, old: Via | None, there: bool) -> bool:
    if not there:
        return True
    if old is None or new is None:
        return old is not None
    return (new.hops, new.node, new.column) < (old.hops, old.node, old.column)


class Origins:
    """What columns are made of, in every manifest of a project."""

    def __init__(self, linkers: Sequence[Linker]) -> None:
        self._linkers = linkers

    def of(self, node: str, column: str) -> tuple[Inflow, ...]:
        """What goes into a column, in order of place; `column` is a lower-case key."""
        found = (flow for linker in self._linkers for flow in linker.inflows(node, column))
        return tuple(dict.fromkeys(found))

    def renewed(self, projects: Sequence[Project], config: Config) -> list[Linker] | None:
        """Linkers that begin where these ended; None where more than some queries changed."""
        if len(projects) != 1 or len(self._linkers) != 1:
            return None
        linker = self._linkers[0]
        people = linker.people.asked
        if config != linker.config or not only_queries(linker.project, projects[0], people=people):
            return None
        return [linker.renewed(projects[0])]


class Linker:
    """One manifest. `Surroundings` of the labels, since only here keys, kinds and unique columns
    are known."""

    def __init__(
        self,
        project: Project,
        projects: Sequence[Project],
        config: Config,
        registry: Registry,
        *,
        remember: bool = False,
    ) -> None:
        self.manifest = projects.index(project)
        self.project = project
        self.projects = projects
        self.config = config
        self.registry = registry
        self.dialect = config.dialect or lineage.dialect_of(project.adapter_type)
        self.functions = load_functions(self.dialect, config.functions)
        self.binder = Binder(project.nodes, self.dialect)
        self.hooks = find_hooks(
            project, self.binder, self.dialect, self.functions, config.functions
        )
        if self.hooks.functions:
            self.functions = {**self.functions, **self.hooks.functions}
        self.session: dict[str, list[Taken]] = {}
        self._asked: tuple[str, Summary | None] | None = None
        # the node that was last asked for its inflows: all its columns are asked in a row
        self.linked: Watched[Linked] = Watched()
        self.asked: dict[str, frozenset[str]] = {}
        # by node: the relations that were asked for while it was linked
        self.read: dict[str, tuple[str, ...]] = {}
        self.before: Linker | None = None
        self.failures: dict[str, Failures] = {}
        self.summaries = Summaries(
            self.dialect, self.functions, self.hooks.own, project.name, remember=remember
        )
        self.names: dict[tuple[str, str], tuple[str, ...]] = {}
        self.reader = ""
        self.booleans: set[Origin] = set()
        self.numbers: set[Origin] = set()
        self.foreign = frozenset(_foreign_materializations(project))
        self.people = People(project, config, registry)

    def renewed(self, project: Project) -> Linker:
        """A linker of the same project with some queries changed, that links no more than it
        must."""
        again = copy(self)
        again.project, again.projects = project, (project,)
        again.people = People(project, self.config, self.registry)
        again.linked, again.asked, again.read, again.failures = Watched(), {}, {}, {}
        again.session, again._asked = {}, None
        again.before = self
        return again

    # --- the road ---------------------------------------------------------------------------------

    def run(self) -> dict[str, RelationFacts]:
        """Link every relation, dependencies first."""
        relations = {
            uid: node
            for uid, node in self.project.nodes.items()
            if node.resource_type in ("source", "seed", "model", "snapshot")
        }
        below: dict[str, list[str]] = {}

        def reads(uid: str) -> list[str]:
            self.read[uid] = self._read_before(uid) or self._reads(uid, relations[uid])
            below[uid] = [dep for dep in self.read[uid] if dep in relations]
            return below[uid]

        def task(uid: str) -> Task | None:
            sql = self._walked(relations[uid])
            if sql is None or self.summaries.begun(sql):
                return None
            return uid, {dep: self.linked[dep].shape for dep in below[uid]}

        done = 0
        order = groups(sorted(relations), reads)
        with few_collections() as linked_one, self._shared(relations, task) as sharing:
            for group in sharing.in_turn(order, below) if sharing is not None else order:
                if not self._as_before(group):
                    self.linked.asked.clear()
                    if len(group) > 1 or group[0] in below[group[0]]:
                        self._fixpoint(group, relations)
                    else:
                        self.linked[group[0]] = self._link(relations[group[0]])
                    self._settle(group)
                    linked_one()
                for uid in group:
                    self.summaries.forget(relations[uid].compiled_code or "")
                done += len(group)
                progress.tell(done, len(relations))
        self.failures = self._stored()
        if self.before is None:
            # one query more isn't worth writing them all
            self.summaries.save()
        self.before = None
        facts = {uid: linked.facts for uid, linked in sorted(self.linked.items())}
        for uid, reasons in self.hooks.blind.items():
            facts[uid] = RelationFacts(blind=[BlindSpot(reason) for reason in reasons])
        return facts

    def _walked(self, node: Node) -> str | None:
        """The query that a node's columns are made of, where that is all there is to it."""
        sql = node.compiled_code if node.language == "sql" else None
        return sql if node.materialized not in self.foreign else None

    @contextmanager
    def _shared(
        self, relations: Mapping[str, Node], task: Callable[[str], Task | None]
    ) -> Iterator[Sharing | None]:
        """Others to walk queries, where many are new to the cache."""

        def prepare(task: Task) -> bytes | None:
            uid, shapes = task
            for dep, shape in shapes.items():
                self.linked[dep] = Linked(shape)
            node = relations[uid]
            return self.summaries.prepared(_sql(node), self._shapes(node))

        def adopt(uid: str, prepared: bytes) -> None:
            self.summaries.adopt(_sql(relations[uid]), prepared)

        new = 0
        if self.before is None and self.summaries.remembers:
            walked = (self._walked(node) for node in relations.values())
            new = sum(sql is not None and not self.summaries.begun(sql) for sql in walked)
        with shared(new, prepare, task, adopt) as sharing:
            yield sharing

    def _as_before(self, group: tuple[str, ...]) -> bool:
        """Take over what was found before, where neither a query nor anything that was asked for
        has changed since."""
        before = self.before
        if before is None or not all(self._same_node(uid) for uid in group):
            return False
        asked = {other for uid in group for other in before.asked[uid]}.difference(group)
        if any(self.linked.peek(uid) is not before.linked.peek(uid) for uid in asked):
            return False
        for uid in group:
            self.linked[uid] = before.linked[uid]
            self.asked[uid] = before.asked[uid]
        return True

    def _settle(self, group: tuple[str, ...]) -> None:
        """Note what was asked for. What came out as it was is what it was, so that nobody who
        reads it is linked anew."""
        asked = frozenset(self.linked.asked)
        for uid in group:
            self.asked[uid] = asked
        if self.before is not None:
            for uid in group:
                former = self.before.linked.peek(uid)
                if former is not None and former == self.linked[uid]:
                    self.linked[uid] = former

    def _same_node(self, uid: str) -> bool:
        return self.before is not None and self.before.project.nodes[uid] is self.project.nodes[uid]

    def _read_before(self, uid: str) -> tuple[str, ...] | None:
        return self.before.read.get(uid) if self.before and self._same_node(uid) else None

    def _reads(self, uid: str, node: Node) -> tuple[str, ...]:
        """What a node reads by its own SQL, united with what dbt says it depends on."""
        found = [dep for dep in node.depends_on if dep in self.project.nodes]
        if node.resource_type in ("model", "snapshot") and node.language == "sql":
            # most queries mention no relation but those that dbt knows of
            text = lineage.searchable(node.compiled_code or "")
            if text is None or not self.binder.mentioned(text) <= set(found):
                with suppress(ValueError):
                    for name in self.summaries.relations(_sql(node)):
                        found += self.binder.bind(name, uid)
        for by, name in self.hooks.reads(uid, node.compiled_code or ""):
            found += [read for read in self.binder.bind(name, by) if read != uid]
        return tuple(dict.fromkeys(found))

    def _fixpoint(self, group: tuple[str, ...], relations: Mapping[str, Node]) -> None:
        """Shapes first, then labels, until nothing changes."""
        for uid in group:
            self.linked[uid] = Linked(self._declared_shape(relations[uid]))
        for _ in range(MOST_ROUNDS):
            before = {uid: _fingerprint(self.linked[uid]) for uid in group}
            for uid in group:
                self.linked[uid] = self._link(relations[uid])
            if before == {uid: _fingerprint(self.linked[uid]) for uid in group}:
                return

    def _declared_shape(self, node: Node) -> Shape:
        return shape_of(
            columns_of(node, self.config),
            self.project.catalog.get(node.unique_id),
            node.columns_complete,
            self.dialect,
        )

    def _link(self, node: Node) -> Linked:
        self.session.clear()
        return self._written(node, self._own(node))

    def _own(self, node: Node) -> Linked:
        """What a node's own SQL or YAML says, hooks apart."""
        if node.resource_type in ("source", "seed"):
            return self._origin(node)
        if node.language != "sql":
            return self._opaque(node, "a Python model is not analysed")
        if node.materialized in self.foreign:
            return self._opaque(node, f"its materialization {node.materialized} is not dbt's own")
        try:
            summary = self.summaries.summary(_sql(node), self._shapes(node))
        except ValueError as error:
            return self._opaque(node, str(error))
        return self._evaluate(node, summary)

    def _shapes(self, node: Node) -> lineage.Shapes:
        def shape(name: lineage.RelationName) -> Shape | None:
            owners = self._owners(node.unique_id, name)
            if not owners:
                return None
            known = [self.linked[uid].shape for uid in owners if uid in self.linked]
            if len(known) == 1 == len(owners):
                return known[0]
            columns = tuple({c.key: c for s in known for c in s.columns}.values())
            return Shape(columns, complete=bool(known) and all(s.complete for s in known))

        return shape

    def _owners(self, reader: str, name: lineage.RelationName) -> tuple[str, ...]:
        key = (reader, name.key)
        if key not in self.names:
            self.names[key] = self.binder.bind(name, reader)
        return self.names[key]

    # --- relations without SQL --------------------------------------------------------------------

    def _origin(self, node: Node) -> Linked:
        """A source or seed: labels are born here."""
        columns = columns_of(node, self.config)
        linked = Linked(self._declared_shape(node))
        for shape in linked.shape.columns:
            column = columns.get(shape.key) or Column(shape.name)
            self._note_types(node, shape, column)
            places: dict[Position, Labels] = {}
            for position, label in born(node, column, self.config, self.registry):
                places.setdefault(position, {})[label] = None
            linked.columns[shape.key] = places
            self._single(linked, node, shape.key, column)
        if any(linked.columns.values()):
            line = (node.unique_id,)
            linked.lines = {key: (line, key) for key in linked.columns}
        if any(
            label.kind == SECRET
            for places in linked.columns.values()
            for ls in places.values()
            for label in ls
        ):
            linked.columns[TAIL] = {
                (): {Label(Origin(node.unique_id, TAIL), SECRET, Form.CLEAR): None}
            }
        return self._finish(linked)

    def _note_types(self, node: Node, shape: ShapeColumn, column: Column) -> None:
        there = self.project.catalog.get(node.unique_id, ())
        kinds = [c.data_type for c in there if c.name.lower() == shape.key] or [column.data_type]
        word = (kinds[0] or "").lower()
        origin = Origin(node.unique_id, column.name)
        if word.startswith("bool"):
            self.booleans.add(origin)
        if word.startswith(
            (
                "int",
                "bigint",
                "smallint",
                "tinyint",
                "hugeint",
                "num",
                "dec",
                "float",
                "double",
                "real",
            )
        ):
            self.numbers.add(origin)

    def _single(self, linked: Linked, node: Node, key: str, column: Column) -> None:
        """A unique column stands for the rows of its own table; one that references another, for
        that one's too."""
        tables = {uid for uid, _ in column.references}
        if column.unique:
            tables.add(node.unique_id)
            tables |= linked.origins()
        if tables:
            linked.singles[key] = linked.singles.get(key, frozenset()) | tables

    def _opaque(self, node: Node, reason: str) -> Linked:
        """Sight is lost in a whole node: every column is unknown, beside all that its parents
        hold."""
        lost = Label(Origin(node.unique_id, TAIL), UNKNOWN, Form.UNKNOWN)
        labels: Labels = {lost: None}
        for parent in node.depends_on:
            above = self.linked.get(parent)
            for key, places in above.columns.items() if above is not None else ():
                for inner in places.values():
                    for label, via in inner.items():
                        self._add(labels, label, parent, key, label, "transform", None, via)
        shape = self._declared_shape(node)
        linked = Linked(Shape(shape.columns, complete=False))
        for column in shape.columns:
            linked.columns[column.key] = {(): dict(labels)}
        linked.columns[TAIL] = {(): labels}
        linked.facts.signals[lost.to(Form.SIGNAL, "filter")] = None
        linked.facts.blind.append(BlindSpot(reason))
        linked.facts.reads = node.depends_on
        return self._finish(linked)

    # --- relations with SQL -----------------------------------------------------------------------

    def _evaluate(self, node: Node, summary: Summary) -> Linked:
        self.reader = node.unique_id
        linked = Linked(summary.shape, filtered=summary.filtered)
        owners = {read: self._owners(node.unique_id, name) for read, name in summary.reads.items()}
        linked.facts.reads = tuple(sorted({uid for uids in owners.values() for uid in uids}))
        self.owners = owners
        linked.facts.opened = set(self._opened(summary))
        for column in summary.columns:
            places = linked.columns.setdefault(column.shape.key, {})
            self._put(places, (), column.edges, column.span)
            for path, edges in column.fields.items():
                self._put(places, path, edges, column.span)
            tables = self._tables(column.edges)
            if tables:
                linked.singles[column.shape.key] = tables
        if summary.tail is not None:
            places = linked.columns.setdefault(TAIL, {})
            self._put(places, (), summary.tail)
        for key, ref in summary.lines.items():
            found = self._line(ref)
            if found is not None:
                linked.lines[key] = ((ref.read, *found[0]), found[1])
        linked.held = self._held(summary.held, linked)
        self._put_rows(linked.facts.signals, summary.rows)
        linked.facts.masks = [
            m for m in (self._mask(call) for call in summary.masks) if m is not None
        ]
        linked.facts.blind = [
            BlindSpot(reason, self._span(span)) for reason, span in summary.unknowns
        ]
        if summary.filtered:
            _loosen_secrets(linked)
        _join_parts(linked)
        named = {c.shape.key: c.named for c in summary.columns}
        if node.resource_type == "snapshot":
            self._snapshot(node, linked)
        self._declare(node, linked, summary)
        self._forgotten(node, linked)
        reason = unseen_branch(node, self.projects, linked.facts.reads)
        if reason is not None and self._parents_hold_values(node):
            linked.facts.blind.append(BlindSpot(reason))
            lost = Label(Origin(node.unique_id, TAIL), UNKNOWN, Form.UNKNOWN)
            linked.columns.setdefault(TAIL, {})
            for places in linked.columns.values():
                places.setdefault((), {})[lost] = None
        return self._finish(linked, named)

    def _opened(self, summary: Summary) -> Iterator[Opened]:
        """What the query asks for by a name that no relation's list of columns holds."""
        unlisted = {
            read
            for read, uids in self.owners.items()
            if any(uid in self.linked and not self.linked[uid].shape.complete for uid in uids)
        }
        asked = {
            ref
            for edges in (
                summary.rows,
                *(column.edges for column in summary.columns),
                *(edges for column in summary.columns for edges in column.fields.values()),
            )
            for ref, _ in edges
            if ref.path or ref.read in unlisted
        }
        for ref in asked:
            path = tuple(step for step in ref.path if step not in (SCALAR, KEYS))
            for uid in self.owners.get(ref.read, ()):
                linked = self.linked.get(uid)
                if linked is None or ref.column in (ROWS, ROW_ID, TAIL):
                    continue
                if path or ref.column not in linked.columns:
                    yield Opened(uid, ref.column, path)

    def _put(
        self, places: dict[Position, Labels], at: Position, edges: Edges, column: Span | None = None
    ) -> None:
        """Evaluate edges into one column's labels; `column` is where a star brought it in, if only
        stars did."""
        for (ref, chain), span in edges.items():
            taken = self._taken(ref)
            if not taken:
                continue
            plain = all(isinstance(op, Flow) and not op.how & CHANGED for op in chain)
            for rest, uid, key, label, via in taken:
                new = carry(label, chain, self) if plain or LATENT not in rest else None
                if new is not None:
                    into = places.setdefault((*at, *rest) if plain else at, {})
                    self._add(into, new, uid, key, label, _op_word(chain, new), span or column, via)

    def _put_rows(self, into: Labels, edges: Edges) -> None:
        for (ref, chain), span in edges.items():
            for rest, uid, key, label, via in self._taken(ref):
                new = carry(label, chain, self) if LATENT not in rest else None
                if new is not None and new.form in VALUE_FORMS:
                    last = chain[-1] if chain else None
                    new = new.to(Form.SIGNAL, last.clause) if isinstance(last, Signal) else new
                if new is not None and new.form is Form.SIGNAL:
                    self._add(into, new, uid, key, label, _op_word(chain, new), span, via)

    def _taken(self, ref: Ref) -> list[Taken]:
        """The labels behind a ref, with the node and column they stand on; uid is empty for those
        born here."""
        if ref.read in (LOST, SETTING):
            return list(self._taken_in_session(ref))
        found: list[Taken] = []
        for uid in self.owners.get(ref.read, ()):
            linked = self.linked.get(uid)
            if linked is None:
                # read before its turn: nothing is known of it
                lost = Label(Origin(self.reader, TAIL), UNKNOWN, Form.UNKNOWN)
                found.append(((), "", TAIL, lost, None))
                continue
            for rest, key, labels in linked.at(ref):
                found += [(rest, uid, key, label, via) for label, via in labels.items()]
        return found

    def _taken_in_session(self, ref: Ref) -> Iterator[Taken]:
        """The labels behind what isn't a relation's."""
        if ref.read == LOST:
            yield (), "", TAIL, Label(Origin(self.reader, TAIL), UNKNOWN, Form.UNKNOWN), None
        else:
            if ref.column in self.config.secret_settings or ref.column.startswith(DECLARED):
                yield (), "", TAIL, Label(Origin(SETTING, ref.column), SECRET, Form.CLEAR), None
            for position, uid, key, label, via in self._carried(ref.column):
                rest = remaining(position, ref.path)
                if rest is not None:
                    yield rest, uid, key, label, via

    def _add(
        self,
        into: Labels,
        new: Label,
        uid: str,
        key: str,
        label: Label,
        op: str,
        span: Span | None,
        via: Via | None,
    ) -> None:
        """Keep the shortest witness; ties go to the first by name."""
        if not uid:
            into.setdefault(new, None)
            return
        step = Via(uid, key, label, op, self._span(span), via.hops + 1 if via else 1)
        if _nearer(step, into.get(new), new in into):
            into[new] = step

    def _span(self, span: Span | None) -> FactSpan | None:
        return FactSpan(*span, self.manifest) if span else None

    def _tables(self, edges: Edges) -> frozenset[str]:
        """Source tables of which this expression holds one value a row: copies and digests of
        unique columns."""
        tables: set[str] = set()
        for ref, chain in edges:
            if not chain or all(
                (isinstance(op, Flow) and not op.how & TRANSFORM)
                or isinstance(op, Digest)
                or (isinstance(op, Test) and op.equated)
                for op in chain
            ):
                for uid in self.owners.get(ref.read, ()):
                    linked = self.linked.get(uid)
                    if linked is not None and ref.column == ROW_ID:
                        tables |= {uid, *linked.origins()}
                    elif linked is not None and ref.column == HELD:
                        tables |= linked.held - self._read_beside(ref)
                    elif linked is not None and not ref.path and ref.column in linked.singles:
                        tables |= linked.singles[ref.column]
        return frozenset(tables)

    def _read_beside(self, ref: Ref) -> set[str]:
        """Source tables that are read beside a relation that holds one row of each."""
        nodes = {uid for read in ref.path for uid in self.owners.get(read, ())}
        above = [self.linked[uid] for uid in nodes if uid in self.linked]
        return nodes | {origin for linked in above for origin in linked.origins()}

    def _mask(self, call: MaskCall) -> MaskFacts | None:
        inputs: set[Label] = set()
        for ref, chain in call.edges:
            for _, _, _, label, _ in self._taken(ref):
                entered = carry(label, chain, self)
                if entered is not None and entered.kind != SECRET and entered.form in VALUE_FORMS:
                    inputs.add(entered)
        if not inputs:
            return None
        secrets = frozenset(
            label for ref, skips in call.keys for label in self._secrets(ref, skips)
        )
        span = self._span(call.span)
        return MaskFacts(call.column, call.function, frozenset(inputs), secrets, call.literal, span)

    # --- what an explanation asks for -------------------------------------------------------------

    def inflows(self, uid: str, column: str) -> Iterator[Inflow]:
        """Once all is linked: what a column's own SQL makes it of. Nothing where there is none."""
        node = self.project.nodes.get(uid)
        if node is None or node.resource_type not in ("model", "snapshot"):
            return
        if self._asked is None or self._asked[0] != uid:
            self._asked = uid, self._summary(node)
        summary = self._asked[1]
        if summary is None:
            return
        self.session.clear()
        self.reader = uid
        self.owners = {read: self._owners(uid, name) for read, name in summary.reads.items()}
        written = next((c for c in summary.columns if c.shape.key == column), None)
        if written is None:
            edges, where = summary.tail or {}, None
        else:
            edges = dict(written.edges)
            for some in written.fields.values():
                edges.update(some)
            where = written.span
        for (ref, chain), span in edges.items():
            for owner in self.owners.get(ref.read, ()) if ref.column != ROWS else ():
                if owner in self.linked:
                    yield self._inflow(owner, ref, chain, self._span(span or where))

    def _summary(self, node: Node) -> Summary | None:
        try:
            return self.summaries.summary(_sql(node), self._shapes(node))
        except ValueError:
            return None
        finally:
            self.summaries.forget(node.compiled_code or "")

    def _inflow(self, owner: str, ref: Ref, chain: Chain, span: FactSpan | None) -> Inflow:
        linked = self.linked[owner]
        key = ref.column if ref.column in linked.columns else TAIL
        ends: dict[Label, Label | None] = {
            label: None for labels in linked.columns.get(key, {}).values() for label in labels
        }
        plain = all(isinstance(op, Flow) and not op.how & CHANGED for op in chain)
        for rest, _, labels in linked.at(ref):
            for label in labels if plain or LATENT not in rest else ():
                ends[label] = carry(label, chain, self)
        last = next((op for op in reversed(chain) if not isinstance(op, Flow)), None)
        word = _op_word(chain, Label(Origin(owner, key), UNKNOWN, Form.UNKNOWN))
        if isinstance(last, Digest) and self.keyed(last):
            word = "keyed digest"
        elif isinstance(last, Signal | Test):
            word = last.clause
        elif ref.path and word in ("copy", "transform"):
            word = "one field of"
        return Inflow(owner, ref.column, word, span, tuple(ends.items()))

    # --- what hooks add ---------------------------------------------------------------------------

    def _written(self, node: Node, linked: Linked) -> Linked:
        """Join what hooks and operations write into a relation to what its own SQL gives."""
        writings = self.hooks.writings.get(node.unique_id, ())
        if not writings:
            return linked
        linked.lines.clear()
        # a hook may read what it writes to
        self.linked[node.unique_id] = linked
        for _ in range(MOST_ROUNDS):
            before = _fingerprint(linked)
            for writing in writings:
                self.session.clear()
                self._join(node, linked, writing)
            if before == _fingerprint(linked):
                break
        _join_parts(linked)
        named = {key: column.named for key, column in linked.facts.columns.items()}
        linked.facts.columns.clear()
        return self._finish(linked, named)

    def _join(self, node: Node, linked: Linked, writing: Writing) -> None:
        effect, where = writing.effect, writing.called(node)
        if isinstance(effect, Lost):
            self._lose(node, linked, f"{where} can't be followed: {effect.reason}")
            return
        try:
            summary = self._beside(effect.query, writing.by)
        except ValueError as error:
            self._lose(node, linked, f"{where} can't be followed: {error}")
            return
        by = writing.by.unique_id
        self.reader = node.unique_id
        self.owners = {read: self._owners(by, name) for read, name in summary.reads.items()}
        facts = linked.facts
        read = {uid for uids in self.owners.values() for uid in uids} - {node.unique_id}
        facts.hooked = tuple(sorted({*facts.hooked, *(read - {*facts.reads})}))
        facts.reads = tuple(sorted({*facts.reads, *read}))
        for i, name in placed(effect, summary, linked.shape):
            places = self._column(linked, name)
            if i is None:
                self._put(places, (), _unplaced(summary.tail or {}))
                continue
            column = summary.columns[i]
            self._put(places, (), _unplaced(column.edges))
            for path, edges in column.fields.items():
                self._put(places, path, _unplaced(edges))
            tables = self._tables(column.edges)
            if tables:
                key = name.lower()
                linked.singles[key] = linked.singles.get(key, frozenset()) | tables
        if effect.rows:
            self._put_rows(facts.signals, _unplaced(summary.rows))
        if effect.how is How.ROWS:
            _loosen_secrets(linked)
        for call in summary.masks:
            call.span = None
            mask = self._mask(call)
            if mask is not None and mask not in facts.masks:
                facts.masks.append(mask)
        spots = [BlindSpot(f"{where}: {reason}") for reason, _ in summary.unknowns]
        facts.blind += [spot for spot in spots if spot not in facts.blind]

    def _beside(self, query: lineage.Query, by: Node, parameters: tuple[str, ...] = ()) -> Summary:
        """The summary of a query that a node runs beside its own. Raises ValueError."""
        return lineage.summarize(
            query,
            self.dialect,
            self.functions,
            self._shapes(by),
            parameters,
            own=self.hooks.own,
        )

    def outlets(self) -> Iterator[Outlet]:
        """What is written where dbt makes nothing; to be asked when all is linked."""
        for name, writing in self.hooks.strangers:
            effect, by = writing.effect, writing.by.unique_id
            labels: frozenset[Label] = frozenset()
            lost = effect.reason if isinstance(effect, Lost) else None
            if isinstance(effect, Write) and effect.how is not How.ROWS:
                try:
                    summary = self._beside(effect.query, writing.by)
                except ValueError as error:
                    lost = str(error)
                else:
                    labels = self._given(by, summary)
            owner = next(iter(self.binder.bind(name, by)), None)
            yield Outlet(by, name.key, owner, name == FILE, labels, lost)

    def _stored(self) -> dict[str, Failures]:
        """What tests keep of the rows that fail them."""
        found: dict[str, Failures] = {}
        for uid, test in self.project.stored_tests.items():
            try:
                summary = self.summaries.summary(_sql(test), self._shapes(test))
            except ValueError:
                read = (self.linked[dep] for dep in test.depends_on if dep in self.linked)
                held = (labels for each in read for labels in each.facts.columns.values())
                found[uid] = Failures(frozenset(x for c in held for x in c.labels), seen=False)
            else:
                found[uid] = Failures(self._given(uid, summary), seen=True)
            self.summaries.forget(test.compiled_code or "")
        return found

    def _given(self, by: str, summary: Summary) -> frozenset[Label]:
        """All labels that a query's columns give, whichever column."""
        self.session.clear()
        self.reader = by
        self.owners = {read: self._owners(by, name) for read, name in summary.reads.items()}
        places: dict[Position, Labels] = {}
        for column in summary.columns:
            for edges in (column.edges, *column.fields.values()):
                self._put(places, (), _unplaced(edges))
        self._put(places, (), _unplaced(summary.tail or {}))
        return frozenset(label for labels in places.values() for label in labels)

    def _column(self, linked: Linked, name: str) -> dict[Position, Labels]:
        """The places of a column, which a hook may have added."""
        key, shape = name.lower(), linked.shape
        if key != TAIL and key not in {column.key for column in shape.columns}:
            added = ShapeColumn(key, name, fold_name(name, self.dialect))
            linked.shape = Shape((*shape.columns, added), shape.complete, hidden=shape.hidden)
        if key not in linked.columns:
            unlisted = linked.columns.get(TAIL, {})
            linked.columns[key] = {place: dict(labels) for place, labels in unlisted.items()}
        return linked.columns[key]

    def _lose(self, node: Node, linked: Linked, reason: str) -> None:
        """Something may have been written anywhere in a relation."""
        lost = Label(Origin(node.unique_id, TAIL), UNKNOWN, Form.UNKNOWN)
        shape = linked.shape
        linked.shape = Shape(shape.columns, complete=False, ordered=shape.ordered)
        for name in (*(column.name for column in shape.columns), TAIL):
            self._column(linked, name).setdefault((), {})[lost] = None
        spot = BlindSpot(reason)
        if spot not in linked.facts.blind:
            linked.facts.blind.append(spot)

    def _carried(self, name: str) -> list[Taken]:
        """What a variable or function brings in of the relations that it reads. A variable may be
        null: the session that reads it need not be the one that set it."""
        sort, _, word = name.partition(":")
        key = name if sort == "function" else f"variable:{word}"
        if key in self.session or key not in self.hooks.carriers:
            return self.session.get(key, [])
        # what reads itself brings in nothing more
        found = self.session[key] = []
        for carrier in self.hooks.carriers[key]:
            places: dict[Position, Labels] = {}
            owners = self.owners
            self._evaluate_carrier(carrier, places)
            self.owners = owners
            for position, labels in places.items():
                for label, via in labels.items():
                    new = carry(label, (Flow(NULLABLE),), self)
                    uid, column = (via.node, via.column) if via is not None else ("", TAIL)
                    if new is not None:
                        found.append((position, uid, column, new, via))
        return found

    def _evaluate_carrier(self, carrier: Carrier, places: dict[Position, Labels]) -> None:
        try:
            summary = self._beside(carrier.query, carrier.by, carrier.parameters)
        except ValueError:
            lost = Label(Origin(self.reader, TAIL), UNKNOWN, Form.UNKNOWN)
            places[()] = {lost: None}
            return
        by = carrier.by.unique_id
        self.owners = {read: self._owners(by, name) for read, name in summary.reads.items()}
        for column in summary.columns:
            for path, edges in {(): column.edges, **column.fields}.items():
                self._put(places, path, _unplaced(edges))

    # --- what YAML adds ---------------------------------------------------------------------------

    def _declare(self, node: Node, linked: Linked, summary: Summary) -> None:
        """A tag on a derived column adds an origin only for what it copies from an unlabelled
        place."""
        by_key = {c.shape.key: c for c in summary.columns}
        for column in columns_of(node, self.config).values():
            key = column.name.lower()
            self._single(linked, node, key, column)
            written = by_key.get(key)
            edges = written.edges if written is not None else summary.tail
            if edges is None or not (is_tagged(column) or column.meta.get("pii_keys")):
                labelled = self.config.labels.get(node.unique_id, {})
                if edges is None or key not in {name.lower() for name in labelled}:
                    continue
            places = linked.columns.setdefault(key, {})
            arrived = {label.kind for labels in places.values() for label in labels}
            for position, label in born(node, column, self.config, self.registry):
                if any(_same_kind(label.kind, kind) for kind in arrived):
                    continue
                for edge in edges:
                    if self._copies_unlabelled(edge):
                        new = carry(label, edge[1], self)
                        if new is not None:
                            places.setdefault(position, {}).setdefault(new, None)

    def _copies_unlabelled(self, edge: Edge) -> bool:
        """True for an edge that brings a value from where no label stands."""
        ref, chain = edge
        if ref.column == ROW_ID:
            return False
        if ref.read in (LOST, SETTING) or ref.column == ROWS:
            return ref.read == LOST
        return not any(
            isinstance(op, Test | Decode) or op.tag == "signal" for op in chain
        ) and not any(label.form in VALUE_FORMS for _, _, _, label, _ in self._taken(ref))

    def _snapshot(self, node: Node, linked: Linked) -> None:
        """dbt's own columns: the row id is an unkeyed digest of key and time, others are times."""
        times = _labels_named(linked, [node.updated_at or ""])
        identity: Labels = {}
        for label, via in {**_labels_named(linked, node.unique_key), **times}.items():
            weak = label.to(Form.WEAK) if label.form in READABLE else label
            identity.setdefault(weak, via)
        known = list(linked.shape.columns)
        for name in ("dbt_scd_id", "dbt_updated_at", "dbt_valid_from", "dbt_valid_to"):
            labels = identity if name == "dbt_scd_id" else times
            linked.columns[name] = {(): dict(labels)} if labels else {}
            known.append(ShapeColumn(name, name, fold_name(name, self.dialect)))
        linked.shape = Shape(
            tuple(known), linked.shape.complete, linked.shape.ordered, linked.shape.hidden
        )

    def _forgotten(self, node: Node, linked: Linked) -> None:
        """Columns that the warehouse still has and the SQL no longer writes."""
        keeps = node.resource_type == "snapshot" or (
            node.materialized == "incremental" and node.on_schema_change != "sync_all_columns"
        )
        if not keeps or not linked.shape.complete:
            return
        there = {c.key for c in linked.shape.columns}
        old = [
            c for c in self.project.catalog.get(node.unique_id, ()) if c.name.lower() not in there
        ]
        if not old:
            return
        lost = Label(Origin(node.unique_id, TAIL), UNKNOWN, Form.UNKNOWN)
        for column in old:
            linked.columns[column.name.lower()] = {(): {lost: None}}
        added = tuple(ShapeColumn(c.name.lower(), c.name, c.name) for c in old)
        linked.shape = Shape((*linked.shape.columns, *added), complete=True)
        linked.facts.blind.append(
            BlindSpot(
                "the warehouse holds columns that the SQL no longer writes: "
                + ", ".join(c.name for c in old)
            )
        )

    def _parents_hold_values(self, node: Node) -> bool:
        readable = (Form.CLEAR, Form.PARTIAL, Form.WEAK, Form.UNKNOWN)
        return any(
            label.form in readable and label.kind != SECRET
            for parent in node.depends_on
            if parent in self.linked
            for places in self.linked[parent].columns.values()
            for labels in places.values()
            for label in labels
        )

    def _finish(self, linked: Linked, named: Mapping[str, bool] | None = None) -> Linked:
        """Flatten places into facts."""
        facts = linked.facts
        facts.complete = linked.shape.complete
        for column in linked.shape.columns:
            facts.columns[column.key] = ColumnFacts(
                column.name,
                _flat(linked.columns.get(column.key) or {}),
                named.get(column.key, True) if named is not None else True,
            )
        rest = {
            label: via
            for labels in linked.columns.get(TAIL, {}).values()
            for label, via in labels.items()
        }
        if rest or not linked.shape.complete:
            facts.columns[TAIL] = ColumnFacts(TAIL, rest, named=False)
        return linked

    # --- Surroundings -----------------------------------------------------------------------------

    def kind(self, name: str) -> Kind:
        """The kind's attributes."""
        return self.registry.kind(name)

    def derived(self, kind: str, part: str) -> str | None:
        """The coarser kind that a declared part of this kind is."""
        return self.registry.derive(kind, part)

    def small(self, label: Label) -> bool:
        """True where the label's domain is so small that a test is the value."""
        return label.origin in self.booleans or self.registry.kind(label.kind).small

    def numeric(self, label: Label) -> bool:
        """True where the value is a number."""
        return label.origin in self.numbers or self.registry.kind(label.kind).value == "number"

    def keyed(self, digest: Digest) -> bool:
        """True where one of the digest's keys is a secret, whole and always there."""
        return any(True for ref, skips in digest.keys for _ in self._secrets(ref, skips))

    def _secrets(self, ref: Ref, skips_null: bool) -> Iterator[Label]:
        for _, _, _, label, _ in self._taken(ref):
            whole = label.kind == SECRET and label.form is Form.CLEAR
            maybe_null = skips_null and label.part == MAYBE_NULL
            if whole and label.part != CHANGED_SECRET and not maybe_null:
                yield label

    def single(self, fold: Fold, label: Label) -> bool:
        """True where a group key is unique in the label's own table, or identifies a person."""
        node = label.origin.node
        group = fold.group
        bucketed = [edge for edge in group if _in_buckets(edge)]
        if len(bucketed) == 1:
            # several together are as good as the digest
            group = group - set(bucketed)
        if any(self._identifies(edge) or node in self._tables({edge: None}) for edge in group):
            return True
        for ref, edge in fold.behind:
            # one row of its own table a group, hence one of whatever that row was found equal to
            unique = set(self.owners.get(ref.read, ())) & self._tables({(ref, ()): None})
            if unique and node in self._tables({edge: None}):
                return True
        return False

    def many(self, fold: Fold, label: Label) -> bool:
        """True where each group demands enough different people, counted on the very rows that
        are folded."""
        least = self.config.smallest_group.people
        for floor in fold.floors if least is not None else ():
            folded, counted = self._line(floor.folded), self._line(floor.counted)
            if folded is None or counted is None or least is None or floor.least < least:
                continue
            table = folded[0][-1]
            same = floor.folded.read == floor.counted.read and folded[0] == counted[0]
            if same and label.origin.node == table and self.people.counts(table, counted[1]):
                return True
        return False

    def _line(self, ref: Ref) -> tuple[Line, str] | None:
        owners = self.owners.get(ref.read, ())
        linked = self.linked.get(owners[0]) if len(owners) == 1 else None
        return linked.lines.get(ref.column) if linked is not None and not ref.path else None

    def _identifies(self, edge: Edge) -> bool:
        """True where a key holds a person's name, address or number."""
        ref, chain = edge
        for _, _, _, key, _ in self._taken(ref):
            new = carry(key, chain, self)
            if new is None or new.form not in VALUE_FORMS or self.small(new):
                continue
            if self.registry.kind(new.kind).identifies:
                return True
        return False

    def _held(self, edges: frozenset[Edge], linked: Linked) -> frozenset[str]:
        """Source tables of which a relation that is held to these holds one row."""
        tables = self._tables(dict.fromkeys(edges))
        if any(self._identifies(edge) for edge in edges):
            tables |= linked.origins()
        return tables


def _in_buckets(edge: Edge) -> bool:
    return any(isinstance(op, Flow) and op.how >= BUCKET for op in edge[1])


def fold_name(name: str, dialect: str) -> str:
    """A name that dbt writes unquoted."""
    return lineage.fold(name, False, dialect)


def _sql(node: Node) -> str:
    if not node.compiled_code or not node.compiled_code.strip():
        raise ValueError("the manifest holds no compiled SQL for it")
    return node.compiled_code


def _foreign_materializations(project: Project) -> Iterator[str]:
    """Materializations of packages that aren't dbt's: they may do anything with a model's SQL."""
    for macro, text in project.macros.items():
        package, _, name = macro.removeprefix("macro.").partition(".")
        if (
            name.startswith("materialization_")
            and not package.startswith("dbt")
            and not is_known(text)
        ):
            yield name.removeprefix("materialization_").rpartition("_")[0]


def _labels_named(linked: Linked, expressions: Sequence[str]) -> Labels:
    """The labels of every column that these names or expressions mention."""
    words = {word.lower() for text in expressions for word in re.findall(r"\w+", text)}
    return {
        label: via
        for key in sorted(words & linked.columns.keys())
        for labels in linked.columns[key].values()
        for label, via in labels.items()
    }


_NONE: Labels = {}
"""The labels of every clean column; a dict each would fill the memory."""


def _flat(places: Mapping[Position, Labels]) -> Labels:
    """The labels of a column, wherever in its value they stand."""
    if not places:
        return _NONE
    if len(places) == 1 and () in places:
        return places[()]
    flat: Labels = {}
    for position, labels in places.items():
        for label, via in labels.items() if LATENT not in position else ():
            if _nearer(via, flat.get(label), label in flat):
                flat[label] = via
    return flat


def _fingerprint(linked: Linked) -> object:
    labels = {
        key: {p: set(ls) for p, ls in places.items()} for key, places in linked.columns.items()
    }
    return linked.shape, labels, set(linked.facts.signals)


def _same_kind(a: str, b: str) -> bool:
    return a == b or a.startswith(f"{b}.") or b.startswith(f"{a}.")


def _loosen_secrets(linked: Linked) -> None:
    """A relation that may be empty can't be relied on for a key that nulls would drop out of."""
    for places in linked.columns.values():
        for position, labels in places.items():
            if any(label.kind == SECRET and label.part is None for label in labels):
                places[position] = {
                    label._replace(part=MAYBE_NULL)
                    if label.kind == SECRET and label.part is None
                    else label: via
                    for label, via in labels.items()
                }


def _join_parts(linked: Linked) -> None:
    """Two different parts of one origin in one relation count as the whole."""
    parts: dict[Origin, set[tuple[str, str]]] = {}
    kinds: dict[Origin, str] = {}
    for key, places in linked.columns.items():
        for labels in places.values():
            for label in labels:
                if label.form is Form.PARTIAL and label.part is not None and label.kind != SECRET:
                    where = key if label.part.startswith(OF_CHANGED) else ""
                    parts.setdefault(label.origin, set()).add((label.part, where))
                    shorter = min(kinds.get(label.origin, label.kind), label.kind, key=len)
                    kinds[label.origin] = shorter
    joined = {origin for origin, specs in parts.items() if len(specs) > 1}
    if not joined:
        return
    for places in linked.columns.values():
        for position, labels in places.items():
            if any(label.form is Form.PARTIAL and label.origin in joined for label in labels):
                places[position] = {
                    Label(label.origin, kinds[label.origin], Form.CLEAR)
                    if label.form is Form.PARTIAL and label.origin in joined
                    else label: via
                    for label, via in labels.items()
                }


_WORDS = {
    "flow": "transform",
    "part": "part",
    "digest": "digest",
    "reveal": "reveal",
    "fold": "fold",
    "test": "test",
    "decode": "decode",
    "signal": "signal",
}


def _unplaced(edges: Edges) -> Edges:
    """Edges of a text that isn't the node's own: its places mean nothing there."""
    return dict.fromkeys(edges)


def _op_word(chain: Chain, label: Label) -> str:
    """The operation that a hop is known by: the last one that isn't a mere passing on."""
    telling = [op for op in chain if not isinstance(op, Flow)]
    if telling:
        word = _WORDS[telling[-1].tag]
        return "keyed digest" if word == "digest" and label.form is Form.PSEUDONYM else word
    return "transform" if any(isinstance(op, Flow) and op.how & CHANGED for op in chain) else "copy"
