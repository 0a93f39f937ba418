"""What a project declares about its columns, gathered from every place where dbt lets it stand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from functools import lru_cache

from pii_lint.artifacts import shapes
from pii_lint.artifacts.keys import Keys
from pii_lint.artifacts.model import Column

# shared: most columns of a large project have neither
_NO_TAGS: frozenset[str] = frozenset()
_NO_META: Mapping[str, object] = {}
_NO_CONFIG = shapes.ColumnConfig()


def columns(node: shapes.Node, keys: Keys, *, complete: bool, copies: bool) -> dict[str, Column]:
    """The declared columns with tags, meta and keys; a key on another column declares that too.

    `copies`: this dbt writes a node's tags and meta onto columns that have none of their own.
    """
    unique = {name.lower() for name in keys.unique}
    references: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for name, target, there in sorted(keys.references):
        references[name.lower()].append((target, there))
    declared: dict[str, Column] = {}
    for key, column in (node.columns or {}).items():
        name = column.name or key
        fold = name.lower()
        # dbt writes a config where nothing is configured
        config = column.config or _NO_CONFIG
        tags, meta = column.tags, column.meta
        says = tags or meta or config.tags or config.meta or column.classifiers
        if not says and fold not in unique and fold not in references:
            declared[name] = _plain(name, column.data_type, bool(column.quote))
            continue
        if copies and not config.tags and tag_set(tags) <= tag_set(node.tags):
            tags = None
        if copies and not config.meta and _within(meta, node.meta):
            meta = None
        declared[name] = Column(
            name=name,
            data_type=column.data_type,
            tags=tag_set(tags, config.tags, column.classifiers),
            meta=merged(config.meta, meta),
            quote=bool(column.quote),
            unique=fold in unique,
            references=tuple(references[fold]) if fold in references else (),
        )
    if not complete and (unique or references):
        known = {name.lower() for name in declared}
        for name in sorted(keys.unique | {column for column, _, _ in keys.references}):
            if (fold := name.lower()) not in known:
                known.add(fold)
                declared[name] = Column(
                    name, unique=fold in unique, references=tuple(references[fold])
                )
    return declared


@lru_cache(maxsize=65536)
def _plain(name: str, data_type: str | None, quote: bool) -> Column:
    """A column of which nothing more is said, as most are; the same one wherever it stands."""
    return Column(name, data_type, quote=quote)


def _within(part: shapes.Meta, whole: shapes.Meta) -> bool:
    owner = whole or {}
    return all(key in owner and owner[key] == value for key, value in (part or {}).items())


def merged(*parts: Mapping[str, object] | None) -> Mapping[str, object]:
    """Several `meta` of one thing; the later wins."""
    filled = [part for part in parts if part]
    if not filled:
        return _NO_META
    if all(part == filled[0] for part in filled[1:]):
        return filled[0]
    return {key: value for part in filled for key, value in part.items()}


def tag_set(*parts: shapes.Tags | list[str]) -> frozenset[str]:
    """Several `tags` of one thing; dbt lets a single one stand without its list."""
    if not any(parts):
        return _NO_TAGS
    found: list[str] = []
    for part in parts:
        if isinstance(part, str):
            found.append(part)
        elif part:
            found += [str(tag) for tag in part if tag is not None]
    return frozenset(found)
