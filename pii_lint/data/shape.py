"""Hold a value against a JSON schema and say in words what doesn't fit.

Knows the small part of JSON Schema that `policy.schema.json` is written in: the schema that
editors use is the very one that the tool checks by. A `title` ends the sentence "… must be".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import NamedTuple

from pii_lint.data.reading import Path, named

_TYPES: Mapping[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "boolean": (bool,),
    "null": (type(None),),
}
_TYPE_NAMES = {
    "object": "a mapping",
    "array": "a list",
    "string": "a word",
    "integer": "a whole number",
    "boolean": "true or false",
    "null": "empty",
}


class Misfit(NamedTuple):
    """One thing that doesn't fit, and where."""

    path: Path
    sentence: str


def misfits(
    value: object, schema: object, definitions: object, path: Path = ()
) -> Iterator[Misfit]:
    """Everything in `value` that `schema` doesn't allow, outermost first."""
    if schema is True:
        return
    if not isinstance(schema, Mapping):
        yield Misfit(path, f"{where(path)} isn't allowed here")
        return
    schema = _resolve(schema, definitions)
    if "anyOf" in schema:
        yield from _any_of(value, schema, definitions, path)
        return
    kind = schema.get("type")
    if isinstance(kind, str) and not _is_a(value, kind):
        yield Misfit(path, f"{where(path)} must be {_title(schema)}, not {_type_name(value)}")
    elif isinstance(value, dict):
        yield from _mapping(value, schema, definitions, path)
    elif isinstance(value, list):
        yield from _list(value, schema, definitions, path)
    elif not _fits(value, schema):
        yield Misfit(path, f"{where(path)} must be {_title(schema)}{_nearest(value, schema)}")


def where(path: Path) -> str:
    """A path as people write it: `zones.safe.paths[0]`."""
    if not path:
        return "the file"
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += ("." if text else "") + named(part)[1:-1]
    return f"`{text}`"


def nearest(word: str, valid: Sequence[str], *, case: Callable[[str], str] = str.lower) -> str:
    """The end of a sentence about an unknown word: what was likely meant, or all there is."""
    close = get_close_matches(case(word[:60]), valid, n=1, cutoff=0.6)
    if close:
        return f"; did you mean `{close[0]}`?"
    if len(valid) > 12:
        return ""
    return f"; valid are {', '.join(f'`{each}`' for each in valid)}"


def _resolve(schema: Mapping[str, object], definitions: object) -> Mapping[str, object]:
    while "$ref" in schema:
        name = str(schema["$ref"]).removeprefix("#/definitions/")
        target = definitions.get(name) if isinstance(definitions, Mapping) else None
        if not isinstance(target, Mapping):
            raise KeyError(name)
        schema = {**target, **{key: each for key, each in schema.items() if key != "$ref"}}
    return schema


def _any_of(
    value: object, schema: Mapping[str, object], definitions: object, path: Path
) -> Iterator[Misfit]:
    """The branches differ in type, so the value's own type says which was meant."""
    branches = schema["anyOf"]
    for branch in branches if isinstance(branches, list) else []:
        branch = _resolve(branch, definitions)
        if _is_a(value, str(branch.get("type"))):
            yield from misfits(value, branch, definitions, path)
            return
    yield Misfit(path, f"{where(path)} must be {_title(schema)}, not {_type_name(value)}")


def _mapping(
    value: dict[str, object], schema: Mapping[str, object], definitions: object, path: Path
) -> Iterator[Misfit]:
    properties = schema.get("properties")
    properties = properties if isinstance(properties, Mapping) else {}
    others = schema.get("additionalProperties", True)
    names = schema.get("propertyNames")
    for key, each in value.items():
        inner = (*path, key)
        if key in properties:
            yield from misfits(each, properties[key], definitions, inner)
        elif others is False:
            at = f" in {where(path)}" if path else ""
            hint = nearest(key, [name for name, each in properties.items() if each is not False])
            yield Misfit(inner, f"unknown key {named(key)}{at}{hint}")
        else:
            if isinstance(names, Mapping):
                rule = _resolve(names, definitions)
                if not _fits(key, rule):
                    at = f" in {where(path)}" if path else ""
                    yield Misfit(inner, f"the key {named(key)}{at} must be {_title(rule)}")
                    continue
            yield from misfits(each, others, definitions, inner)
    required = schema.get("required")
    for key in required if isinstance(required, list) else []:
        if key not in value:
            yield Misfit(path, f"{where(path)} lacks `{key}`")
    fewest, most = schema.get("minProperties"), schema.get("maxProperties")
    if (isinstance(fewest, int) and len(value) < fewest) or (
        isinstance(most, int) and len(value) > most
    ):
        yield Misfit(path, f"{where(path)} must be {_title(schema)}")


def _list(
    value: list[object], schema: Mapping[str, object], definitions: object, path: Path
) -> Iterator[Misfit]:
    fewest = schema.get("minItems")
    if isinstance(fewest, int) and len(value) < fewest:
        yield Misfit(path, f"{where(path)} must be {_title(schema)}")
    for position, each in enumerate(value):
        yield from misfits(each, schema.get("items", True), definitions, (*path, position))


def _fits(value: object, schema: Mapping[str, object]) -> bool:
    if "const" in schema and not _same(value, schema["const"]):
        return False
    choices = schema.get("enum")
    if isinstance(choices, list) and not any(_same(value, each) for each in choices):
        return False
    if isinstance(value, str):
        pattern, shortest = schema.get("pattern"), schema.get("minLength")
        if isinstance(pattern, str) and not re.search(pattern, value):
            return False
        return not (isinstance(shortest, int) and len(value) < shortest)
    least, most = schema.get("minimum"), schema.get("maximum")
    if not isinstance(value, int):
        return True
    return (not isinstance(least, int) or value >= least) and (
        not isinstance(most, int) or value <= most
    )


def _same(value: object, other: object) -> bool:
    return type(value) is type(other) and value == other


def _is_a(value: object, kind: str) -> bool:
    if kind == "integer" and isinstance(value, bool):
        return False
    return isinstance(value, _TYPES.get(kind, ()))


def _type_name(value: object) -> str:
    return next((name for kind, name in _TYPE_NAMES.items() if _is_a(value, kind)), "that")


def _title(schema: Mapping[str, object]) -> str:
    title = schema.get("title")
    if isinstance(title, str):
        return title
    choices = schema.get("enum")
    if isinstance(choices, list):
        return f"one of {', '.join(map(str, choices))}"
    return _TYPE_NAMES.get(str(schema.get("type")), "something else")


def _nearest(value: object, schema: Mapping[str, object]) -> str:
    choices = schema.get("enum")
    if not isinstance(value, str) or not isinstance(choices, list):
        return ""
    close = get_close_matches(value[:60].lower(), [str(each) for each in choices], n=1, cutoff=0.6)
    return f"; did you mean `{close[0]}`?" if close else ""
