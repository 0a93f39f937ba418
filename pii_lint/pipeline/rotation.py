"""What hangs on the salt: the relations that it reaches, and their columns with pseudonyms."""

from __future__ import annotations

from collections.abc import Iterator

from pii_lint.artifacts.model import Node
from pii_lint.counts import Table
from pii_lint.errors import ConfigError
from pii_lint.labels import Form, Origin
from pii_lint.options import Options
from pii_lint.pipeline.gathering import gather
from pii_lint.pipeline.prediction import policy_digest, refuse_writers_elsewhere, table_of
from pii_lint.rekeying import Keyed, Rekeying
from pii_lint.rules import Facts

_ASKS = "macro.pii_lint.check_pii_salt"
_GROWING = frozenset({"incremental", "microbatch"})


def rekeying(options: Options, salt: Table) -> Rekeying:
    """What a new salt in this table changes."""
    facts = gather(options)
    refuse_writers_elsewhere(facts)
    source = _salt(facts, salt)
    reached = _reached(facts, source.unique_id)
    relations = tuple(_keyed(facts, uid) for uid in sorted(reached) if _is_built(facts.nodes[uid]))
    if not any(one.columns for one in relations):
        raise ConfigError(
            f"No column of the project holds a pseudonym made with the salt in {salt.schema}."
            f"{salt.name}, so there is nothing to rotate: compile the project without the variable "
            "pii_salt, or make a new salt with `pii-lint salt init`."
        )
    return Rekeying(
        salt=salt,
        source=source.unique_id.partition(".")[2],
        relations=relations,
        given=tuple(
            table_of(node)
            for uid, node in sorted(facts.nodes.items())
            if node.resource_type in ("source", "seed") and uid != source.unique_id
        ),
        adapter=facts.projects[0].adapter_type,
        target=facts.projects[0].target,
        asked=any(
            node.resource_type == "operation" and _ASKS in node.depends_on_macros
            for project in facts.projects
            for node in project.nodes.values()
        ),
        manifest=facts.projects[0].sha256,
        policy=policy_digest(options, facts),
    )


def _salt(facts: Facts, salt: Table) -> Node:
    for uid, node in sorted(facts.nodes.items()):
        if facts.is_secret(uid) and table_of(node) == salt and node.resource_type == "source":
            return node
    raise ConfigError(
        f"The project declares no secret in {salt.schema}.{salt.name}, and no other salt is "
        "rotated here: install the dbt package, or change your own salt and build all that hangs "
        "on it with `dbt build --full-refresh`."
    )


def _reached(facts: Facts, source: str) -> frozenset[str]:
    """Everything that reads it, and what reads that."""
    readers: dict[str, set[str]] = {}
    for uid, node in facts.nodes.items():
        for read in {*facts.inventory.relations[uid].reads, *node.depends_on}:
            readers.setdefault(read, set()).add(uid)
    found: set[str] = set()
    waiting = [source]
    while waiting:
        for uid in readers.get(waiting.pop(), ()):
            if uid not in found:
                found.add(uid)
                waiting.append(uid)
    return frozenset(found)


def _is_built(node: Node) -> bool:
    return node.resource_type in ("model", "snapshot") and node.relation_name is not None


def _keyed(facts: Facts, uid: str) -> Keyed:
    node = facts.nodes[uid]
    return Keyed(
        node=uid,
        name=node.name,
        file=node.path.rpartition("/")[2],
        table=table_of(node),
        columns=tuple(_pseudonyms(facts, uid)),
        grows=node.materialized in _GROWING,
        lasting=_lasting(node),
    )


def _pseudonyms(facts: Facts, uid: str) -> Iterator[str]:
    for name, column in sorted(facts.labelled(uid).items()):
        for label in column.labels:
            # one that arrived as such was made elsewhere, under another key
            if label.form == Form.PSEUDONYM and not _came_masked(facts, label.origin):
                yield name
                break


def _came_masked(facts: Facts, origin: Origin) -> bool:
    born = facts.labelled(origin.node).get(origin.column.lower())
    return born is not None and any(
        label.form == Form.PSEUDONYM
        for label, via in born.labels.items()
        if via is None and label.origin == origin
    )


def _lasting(node: Node) -> str | None:
    if node.resource_type == "snapshot":
        return "a snapshot keeps its history"
    if not node.refreshable:
        return "`full_refresh: false` keeps dbt from making it anew"
    return None
