"""Containers that a text writes out, element by element: what is asked for can be pointed at."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from .calls import function_name

SEVERAL = (exp.Columns, exp.Comprehension, exp.Query, exp.Star)
"""What may bring in several elements, or none."""


def element(listed: exp.Expr, place: int) -> exp.Expr | None:
    """The element at a place, counted from 0, of a list or row that is written out; None for
    anything else."""
    listed = listed.unnest()
    rowlike = isinstance(listed, exp.Anonymous) and function_name(listed) == "row"
    if not (rowlike or isinstance(listed, exp.Array | exp.JSONArray | exp.Tuple)):
        return None
    elements: list[exp.Expr] = listed.expressions
    if not 0 <= place < len(elements) or any(isinstance(i, SEVERAL) for i in elements):
        return None
    return elements[place]


def counted(listed: exp.Expr, index: exp.Expr) -> exp.Expr | None:
    """The element that a literal counts to, from 1 on, or from the end."""
    number = index.this if isinstance(index, exp.Neg) else index
    if not isinstance(number, exp.Literal) or not number.name.isdecimal() or number.is_string:
        return None
    place = int(number.name)
    if isinstance(index, exp.Neg):
        place = len(listed.unnest().expressions) - place + 1
    return element(listed, place - 1)


def document(e: exp.Expr) -> exp.Expr:
    """What a JSON document is made of."""
    e = e.unnest()
    made = isinstance(e, exp.Anonymous) and function_name(e) == "to_json"
    as_json = isinstance(e, exp.Cast) and e.to.this is exp.DataType.Type.JSON
    if made and len(e.expressions) == 1:
        return document(e.expressions[0])
    return document(e.this) if as_json else e


def pairs_of(e: exp.Expr) -> tuple[list[exp.Expr], list[exp.Expr]] | None:
    """What a map's keys and its values are made of; None where it isn't written out."""
    e = e.unnest()
    if isinstance(e, exp.ToMap) and isinstance(e.this, exp.Struct):
        pairs = [
            (p.this, p.expression) for p in e.this.expressions if isinstance(p, exp.PropertyEQ)
        ]
        return _apart(pairs) if len(pairs) == len(e.this.expressions) else None
    if isinstance(e, exp.Map) and e.args.get("keys") and e.args.get("values"):
        return [e.args["keys"]], [e.args["values"]]
    return _apart(list(entries(e.this))) if isinstance(e, exp.MapFromEntries) else None


def _apart(
    pairs: list[tuple[exp.Expr, exp.Expr]],
) -> tuple[list[exp.Expr], list[exp.Expr]] | None:
    return ([key for key, _ in pairs], [content for _, content in pairs]) if pairs else None


def entries(listed: exp.Expr) -> Iterator[tuple[exp.Expr, exp.Expr]]:
    """Key and value of each entry of a list that is written out; none if any isn't."""
    found: list[tuple[exp.Expr, exp.Expr]] = []
    for entry in listed.expressions if isinstance(listed, exp.Array) else ():
        cells = [
            cell.expression if isinstance(cell, exp.PropertyEQ) else cell
            for cell in entry.expressions
        ]
        if not isinstance(entry, exp.Tuple | exp.Struct) or len(cells) != 2:
            return
        found.append((cells[0], cells[1]))
    yield from found
