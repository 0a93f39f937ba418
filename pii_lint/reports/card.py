"""A column or a relation in a few lines of Markdown, for who points at its name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pii_lint.findings import Step
from pii_lint.labels import SECRET, UNKNOWN, Label
from pii_lint.propagation.inventory import Via
from pii_lint.reports._markup import code, prose
from pii_lint.reports._words import form_of, many, place, short_name
from pii_lint.rules import WHOLE, Facts, label_order

MOST_LABELS = 8
MOST_COLUMNS = 30


def column_card(facts: Facts, uid: str, column: str) -> str:
    """What a column holds, and the way on which each label came; `column` is a key."""
    held = facts.inventory.relations[uid].columns[column]
    head = f"**{code(f'{short_name(uid)}.{held.name}')}** · {facts.sort_of(uid)}"
    labels = sorted(held.labels, key=label_order)
    if not labels:
        return f"{head}\n\n{_clean(facts, uid, column)}"
    blocks = [head]
    for label in labels[:MOST_LABELS]:
        blocks += ["\n".join(_told(facts, uid, column, label))]
    if len(labels) > MOST_LABELS:
        blocks += [f"and {many(len(labels) - MOST_LABELS, 'label')} more"]
    return "\n\n".join(blocks)


def relation_card(facts: Facts, uid: str) -> str:
    """Which columns of a relation hold something, and what."""
    columns = facts.inventory.relations[uid].columns
    head = f"**{code(short_name(uid))}** · {facts.sort_of(uid)}"
    holding = [(key, held.labels) for key, held in columns.items() if held.labels]
    if not holding:
        return f"{head}\n\nNo personal data stands in it, as far as it is tagged."
    lines = [
        f"- {code(columns[key].name)}: {_holds(labels)}" for key, labels in holding[:MOST_COLUMNS]
    ]
    if len(holding) > MOST_COLUMNS:
        lines += [f"- and {many(len(holding) - MOST_COLUMNS, 'column')} more"]
    return "\n".join((f"{head}\n", *lines))


def _holds(labels: Mapping[Label, Via | None]) -> str:
    said = {f"{code(one.kind)} {_form(one)}": None for one in sorted(labels, key=label_order)}
    return ", ".join(said)


def _form(label: Label) -> str:
    return form_of(label.form.word, label.clause)


def _told(facts: Facts, uid: str, column: str, label: Label) -> Iterator[str]:
    known = label.kind not in (UNKNOWN, SECRET)
    stated = facts.registry.kind(label.kind).data_classification if known else None
    class_ = f" ({stated})" if stated else ""
    yield f"**{_form(label)}** {code(label.kind)}{class_} from {code(str(label.origin))}"
    yield ""
    for number, step in enumerate(facts.places.steps(uid, column, label), 1):
        yield f"{number}. {_step(step)}"


def _step(step: Step) -> str:
    said = [code(f"{short_name(step.node)}.{step.column}"), f"{step.op}, {step.form}"]
    if step.expression:
        said.append(code(step.expression))
    if step.location is not None:
        said.append(code(place(step.location)))
    return " · ".join(said)


def _clean(facts: Facts, uid: str, column: str) -> str:
    if column == WHOLE or facts.nodes[uid].resource_type not in ("source", "seed"):
        return "No personal data arrives in it."
    if column in facts.declared_clean(uid):
        return "Declared clean."
    return prose("Never reviewed: neither tagged nor declared clean, so it counts as clean.")
