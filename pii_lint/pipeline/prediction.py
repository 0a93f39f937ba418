"""What the labels foretell of the data."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping

from pii_lint.artifacts.model import Node
from pii_lint.config import POLICY_FILE
from pii_lint.counts import Table
from pii_lint.errors import ConfigError
from pii_lint.files import read
from pii_lint.foretold import Expected, Forecast, Place, Prediction
from pii_lint.labels import SECRET, UNKNOWN, Label
from pii_lint.options import Options
from pii_lint.pipeline.gathering import gather, refuse_nothing_to_guard
from pii_lint.propagation.inventory import Via
from pii_lint.propagation.order import groups
from pii_lint.rules import Facts

_BUILT = ("model", "snapshot")
_GIVEN = ("source", "seed")


def prediction(options: Options) -> Prediction:
    """What may move in each relation when personal data in the given ones is altered."""
    facts = gather(options)
    refuse_nothing_to_guard(facts)
    refuse_writers_elsewhere(facts)
    return foretold(options, facts)


def foretold(options: Options, facts: Facts) -> Prediction:
    """The labels of a run, in plain words."""
    return Prediction(
        places=tuple(_places(facts)),
        relations=tuple(_forecasts(facts)),
        given={
            uid: table_of(node)
            for uid, node in sorted(facts.nodes.items())
            if node.resource_type in _GIVEN
        },
        derived=_derived(facts),
        manifest=facts.projects[0].sha256,
        policy=policy_digest(options, facts),
    )


def refuse_writers_elsewhere(facts: Facts) -> None:
    """A build in a scratch database may touch nothing but that."""
    built = [node for node in facts.nodes.values() if node.resource_type in _BUILT]
    home = {node.database for node in facts.nodes.values() if node.resource_type == "seed"}
    home |= {node.database for node in built}
    for node in built:
        if node.materialized == "external":
            raise ConfigError(
                f"Model {node.name} writes a file outside the database (materialized: external), "
                "and a build in a scratch copy would write over it: disable it for this run."
            )
    if len(home) > 1:
        named = ", ".join(sorted(str(name) for name in home))
        raise ConfigError(
            f"The project builds in several databases ({named}), and a scratch copy stands for one "
            "only: select a target that builds in one database."
        )


def _places(facts: Facts) -> Iterator[Place]:
    for node, relation in facts.relations():
        if node.resource_type not in _GIVEN:
            continue
        declared = {column.name.lower(): column for column in node.columns.values()}
        for column in relation.columns.values():
            written = declared.get(column.name.lower())
            keys = written.meta.get("pii_keys") if written else None
            born = {label.kind for label, via in column.labels.items() if via is None}
            for kind in sorted(born - {SECRET, UNKNOWN}):
                yield Place(node.unique_id, column.name, kind, _keys(facts, keys, kind))


def _keys(facts: Facts, keys: object, kind: str) -> tuple[str, ...]:
    """The keys of a document under which values of this kind stand."""
    if not isinstance(keys, list | tuple):
        return ()
    words = [str(key) for key in keys]
    return tuple(
        key
        for key in words
        if (facts.registry.key_kind(key) or facts.registry.resolve(key)) == kind
    )


def _forecasts(facts: Facts) -> Iterator[Forecast]:
    relations = facts.inventory.relations
    for group in groups(sorted(facts.nodes), lambda uid: sorted(relations[uid].reads)):
        for uid in group:
            node = facts.nodes[uid]
            if node.resource_type not in _BUILT or node.relation_name is None:
                continue
            held = relations[uid]
            yield Forecast(
                node=uid,
                name=node.name,
                table=table_of(node),
                safe=facts.policy.is_safe(node),
                columns={
                    column.name: tuple(_expected(facts, uid, column.name, column.labels))
                    for column in held.columns.values()
                },
                rows=tuple(_expected(facts, uid, "*", held.signals)),
                reads=tuple(sorted(held.reads)),
            )


def _expected(
    facts: Facts, uid: str, column: str, labels: Mapping[Label, Via | None]
) -> Iterator[Expected]:
    for label in labels:
        if label.kind == SECRET:
            continue
        excused = [
            one.reason
            for one in facts.declared(uid, column.lower())
            if one.holds(facts.today) and one.covers(label.kind, label.form.word)
        ]
        yield Expected(
            (label.origin.node, label.origin.column),
            label.kind,
            label.form.word,
            next(iter(excused), None),
        )


def _derived(facts: Facts) -> Mapping[str, str]:
    kinds = {
        label.kind
        for _, relation in facts.relations()
        for column in relation.columns.values()
        for label in column.labels
    }
    found = {kind: facts.registry.kind(kind).derived_from for kind in kinds - {SECRET, UNKNOWN}}
    return {kind: whole for kind, whole in found.items() if whole is not None}


def table_of(node: Node) -> Table:
    """A node's relation as the warehouse calls it."""
    return Table(node.schema or "main", node.alias or node.name)


def policy_digest(options: Options, facts: Facts) -> str | None:
    """SHA-256 of the policy file; None where the shipped policy holds."""
    if facts.config.file is None:
        return None
    folder = facts.project_dir
    file = options.config or (folder / POLICY_FILE if folder else None)
    return hashlib.sha256(read(file)).hexdigest() if file else None
