"""What is known of a value's type: a struct's fields, a list's element; nothing of anything else.

As DuckDB's JSON functions are told it: `{"a": …}` is a struct, `[…]` a list, all else a leaf.
"""

from __future__ import annotations

from collections.abc import Iterator

Schema = object
Paths = tuple[tuple[str, ...], ...]
"""Of each leaf: the fields that lead to it."""
ELEMENT = "[]"
"""The step from a list to its elements, in such a path."""


DEEPEST = 50
"""Levels of structs and lists that are told apart; below them nothing is known."""


def read_schema(told: object, depth: int = DEEPEST) -> Schema:
    """A schema that somebody wrote as JSON: what is no schema in it is nothing known."""
    if isinstance(told, dict) and depth:
        return {key: read_schema(inner, depth - 1) for key, inner in told.items()}
    if isinstance(told, list):
        return [read_schema(told[0], depth - 1) if len(told) == 1 and depth else None]
    return told if isinstance(told, str) else None


def paths_of(schema: Schema) -> Paths:
    """A struct or list of structs as the paths to its leaves; none for anything else."""
    return tuple(_paths(schema)) if isinstance(innermost(schema), dict) else ()


def innermost(schema: Schema) -> Schema:
    """What a list holds, or the lists in it."""
    while isinstance(schema, list):
        schema = schema[0]
    return schema


def _paths(schema: Schema) -> Iterator[tuple[str, ...]]:
    if isinstance(schema, dict) and schema:
        for key, inner in schema.items():
            yield from ((str(key).lower(), *path) for path in _paths(inner))
    elif isinstance(schema, list):
        yield from ((ELEMENT, *path) for path in _paths(schema[0]))
    else:
        yield ()


def schema_of_paths(paths: Paths) -> Schema:
    """What such paths are those of."""
    if not paths or () in paths:
        return None
    if paths[0][0] == ELEMENT:
        return [schema_of_paths(tuple(path[1:] for path in paths))]
    below: dict[str, list[tuple[str, ...]]] = {}
    for key, *path in paths:
        below.setdefault(key, []).append(tuple(path))
    return {key: schema_of_paths(tuple(inner)) for key, inner in below.items()}


def common(schemas: list[Schema]) -> Schema:
    """What is known of one of several."""
    if not schemas:
        return None
    first = schemas[0]
    if all(other == first for other in schemas[1:]):
        return first
    return [None] if all(isinstance(schema, list) for schema in schemas) else None


def field(schema: Schema, name: str) -> Schema:
    """One field of a struct."""
    fields = schema if isinstance(schema, dict) else {}
    return next((inner for key, inner in fields.items() if str(key).lower() == name.lower()), None)


def element(schema: Schema) -> Schema:
    """An element of a list."""
    return schema[0] if isinstance(schema, list) else None
