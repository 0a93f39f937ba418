"""What the warehouse should enforce, by the inventory and the policy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from fnmatch import fnmatchcase

from pii_lint.artifacts.model import Node, Project
from pii_lint.config import POLICY_FILE
from pii_lint.data.registry import CLASSIFICATIONS, strictest
from pii_lint.errors import ConfigError
from pii_lint.findings import Severity
from pii_lint.governed import SECRET_MASK, Access, GovernedColumn, GovernedRelation
from pii_lint.labels import READABLE, SECRET, Form, Label
from pii_lint.options import Options
from pii_lint.pipeline.gathering import gather, refuse_nothing_to_follow
from pii_lint.policy import SAFE
from pii_lint.propagation.inventory import RelationFacts
from pii_lint.rules import WHOLE, Facts

_RELATIONS = ("source", "seed", "model", "snapshot")
_TOLD = (*sorted(READABLE), Form.WEAK, Form.UNKNOWN)
"""Forms in which a value may still be read; lost sight is no proof of the contrary."""
_PATTERN = frozenset("*?[")


def access(options: Options, builders: Iterable[str] = ()) -> Access:
    """Say who may read which relation, and who sees which column of it clear."""
    facts = gather(options)
    refuse_nothing_to_follow(facts)
    if not facts.config.roles:
        raise ConfigError(
            "The policy names no roles, so nobody would see personal data: say who may, by class, "
            f"in {POLICY_FILE} under `roles`, for instance `roles: {{confidential: [pii_reader]}}`."
        )
    relations = tuple(_relations(facts))
    if not relations:
        raise ConfigError(
            "No relation of the project is in a database, so there is nothing to govern: compile "
            "it with `dbt compile` for a target."
        )
    roles, idle = _roles(facts, relations)
    cleared = {
        needed: tuple(role for role in roles if facts.policy.clears(role, needed))
        for needed in CLASSIFICATIONS
    }
    return Access(
        adapter=facts.projects[0].adapter_type,
        relations=relations,
        cleared={**cleared, SECRET_MASK: ()},
        roles=roles,
        builders=tuple(dict.fromkeys(builders)),
        notes=tuple(
            f"The pattern `{pattern}` under `roles` fits no role that is named in the policy or in "
            "a grant, so it clears nobody here: name the roles."
            for pattern in idle
        ),
    )


def _roles(
    facts: Facts, relations: Iterable[GovernedRelation]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Every role by name, and the patterns that fit none of them."""
    listed = [word for words in facts.config.roles.values() for word in words]
    given = [role for relation in relations for role in relation.readers]
    named = [word for word in listed if _PATTERN.isdisjoint(word)]
    # a grant may spell a role of the policy in another case: it is the same one
    spelt: dict[str, str] = {}
    for role in (*given, *named):
        spelt.setdefault(role.strip().lower(), role.strip())
    patterns = sorted({word for word in listed if not _PATTERN.isdisjoint(word)})
    idle = [p for p in patterns if not any(fnmatchcase(name, p.lower()) for name in spelt)]
    return tuple(spelt[name] for name in sorted(spelt)), tuple(idle)


def _relations(facts: Facts) -> Iterator[GovernedRelation]:
    found: dict[tuple[str, str, str], GovernedRelation] = {}
    for node, held in facts.relations():
        if node.resource_type not in _RELATIONS or node.relation_name is None or not node.schema:
            continue
        name = node.alias or node.name
        relation = GovernedRelation(
            node=node.unique_id,
            database=node.database,
            schema=node.schema,
            name=name,
            exact=_quoted(node),
            view=(node.materialized or "") in ("view", "materialized_view"),
            zone=facts.zone_of(node.unique_id),
            columns=tuple(_columns(facts, node, held)),
            tail_mask=_mask(facts, node, WHOLE, held),
            readers=node.readers,
        )
        key = ((node.database or "").lower(), node.schema, name)
        found[key] = _together(found[key], relation) if key in found else relation
    yield from sorted(found.values(), key=lambda one: (one.schema, one.name, one.database or ""))


def _together(one: GovernedRelation, other: GovernedRelation) -> GovernedRelation:
    """One table that is declared twice, as a seed and as the source that it stands in for."""
    columns = {column.name.lower(): column for column in one.columns}
    for column in other.columns:
        known = columns.setdefault(column.name.lower(), column)
        columns[column.name.lower()] = max(known, column, key=_guarded)
    return replace(
        one,
        columns=tuple(columns.values()),
        tail_mask=max(one.tail_mask, other.tail_mask, key=_rank),
        readers=tuple(sorted({*one.readers, *other.readers})),
    )


def _guarded(column: GovernedColumn) -> tuple[int, int]:
    return _rank(column.mask), _rank(column.classification)


def _rank(word: str | None) -> int:
    return -1 if word is None else (*CLASSIFICATIONS, SECRET_MASK).index(word)


def _quoted(node: Node) -> tuple[str, ...]:
    written = node.relation_name or ""
    parts = (("database", node.database), ("schema", node.schema), ("name", node.alias))
    return tuple(
        part
        for part, name in parts
        if name and any(f"{mark}{name}{mark}" in written for mark in ('"', "`"))
    )


def _columns(facts: Facts, node: Node, held: RelationFacts) -> Iterator[GovernedColumn]:
    stored = _stored(facts.projects, node.unique_id)
    declared = {column.name.lower(): column for column in node.columns.values()}
    described = dict(node.persisted)
    spelt: dict[str, list[str]] = {}
    for stored_name in stored:
        spelt.setdefault(stored_name.lower(), []).append(stored_name)
    for key, column in held.columns.items():
        if key == WHOLE:
            continue
        labels = _told(column.labels)
        written = declared.get(column.name.lower())
        kept = spelt.get(column.name.lower(), ())
        name = kept[0] if len(kept) == 1 else column.name
        kinds = sorted({label.kind for label in labels})
        yield GovernedColumn(
            name=name,
            data_type=stored.get(name) or (written.data_type if written else None),
            value=facts.registry.kind(kinds[0]).value if kinds and kinds != [SECRET] else "text",
            exact=name in stored or (written is not None and written.quote),
            classification=_strictest(facts, labels),
            kinds=tuple(kinds),
            form=min(label.form for label in labels).word if labels else None,
            mask=_mask(facts, node, key, held),
            description=described.get(written.name if written else column.name),
        )


def _stored(projects: tuple[Project, ...], uid: str) -> Mapping[str, str | None]:
    for project in projects:
        if uid in project.catalog:
            return {column.name: column.data_type for column in project.catalog[uid]}
    return {}


def _told(labels: Iterable[Label]) -> list[Label]:
    """The labels that say something of a person to whoever reads the values."""
    return [
        label
        for label in labels
        if (label.kind == SECRET and label.form in READABLE)
        or (label.kind != SECRET and label.form in _TOLD)
    ]


def _strictest(facts: Facts, labels: Iterable[Label]) -> str | None:
    return strictest(facts.policy.classification(label) for label in labels)


def _mask(facts: Facts, node: Node, key: str, held: RelationFacts) -> str | None:
    """The clearance that a column takes, by what not everybody may read of it."""
    if key not in held.columns:
        return None
    labels = [
        label
        for label in _told(held.columns[key].labels)
        if label.kind == SECRET
        or (
            facts.policy.severity(SAFE, label) == Severity.ERROR
            and not facts.declassified(node.unique_id, key, label)
        )
    ]
    if any(label.kind == SECRET for label in labels):
        return SECRET_MASK
    return _strictest(facts, labels)
