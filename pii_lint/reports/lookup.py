"""Which column somebody means by a name."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from pii_lint.artifacts.model import Node
from pii_lint.errors import ConfigError
from pii_lint.rules import WHOLE, Facts

MOST_NAMED = 12


def find_column(facts: Facts, asked: str) -> tuple[str, str]:
    """The unique_id and the key of the column that `asked` names. Raises ConfigError with a hint.

    The relation may be given as dbt names it, as the warehouse does, or by its unique_id.
    """
    known: dict[str, list[str]] = {}
    for node, _ in facts.relations():
        for name in _names(node):
            known.setdefault(name.lower(), []).append(node.unique_id)
    for at in _dots(asked):
        relation, column = asked[:at].lower(), asked[at + 1 :]
        owners = list(dict.fromkeys(known.get(relation, ())))
        holding = [uid for uid in owners if _has(facts, uid, column)]
        if len(holding) > 1:
            raise ConfigError(
                f"`{asked}` may be a column of {_listed(holding)}: give the unique_id before it."
            )
        if holding:
            return holding[0], column.lower()
        if owners:
            raise ConfigError(_no_column(facts, owners[0], column))
    relation = asked.rpartition(".")[0]
    near = get_close_matches(relation.lower(), known, n=1)
    hint = f"did you mean `{near[0]}`?" if near else "`pii-lint inventory` lists them all."
    raise ConfigError(f"There is no relation `{relation}` in the manifest: {hint}")


def _names(node: Node) -> Iterator[str]:
    yield node.unique_id
    yield node.unique_id.split(".", 2)[-1]
    yield node.name
    if node.alias:
        yield node.alias
        if node.schema:
            yield f"{node.schema}.{node.alias}"


def _dots(text: str) -> list[int]:
    """From the right: a model's version and a source's table stand behind dots too."""
    return [at for at in range(len(text) - 1, 0, -1) if text[at] == "."]


def _has(facts: Facts, uid: str, column: str) -> bool:
    held = facts.inventory.relations[uid]
    return column.lower() in held.columns or (column == WHOLE and bool(held.signals))


def _no_column(facts: Facts, uid: str, column: str) -> str:
    names = {
        key: held.name
        for key, held in facts.inventory.relations[uid].columns.items()
        if key != WHOLE
    }
    near = get_close_matches(column.lower(), names, n=1)
    if near:
        hint = f"did you mean `{names[near[0]]}`?"
    elif names:
        hint = f"it has {_listed(list(names.values()))}."
    else:
        hint = "no column of it is known; list them in its YAML, or write a catalogue."
    return f"`{facts.called(uid)}` has no column `{column}`: {hint}"


def _listed(names: list[str]) -> str:
    shown = ", ".join(f"`{name}`" for name in names[:MOST_NAMED])
    left = len(names) - MOST_NAMED
    return f"{shown} and {left} more" if left > 0 else shown
