"""Relations outside the query, as the project knows them."""

from __future__ import annotations

from pii_lint.lineage.scopes import Relation, base
from pii_lint.lineage.summary import RelationName
from pii_lint.lineage.walk import Walk

from .relations import opaque


def stored(walk: Walk, name: RelationName) -> Relation:
    """The relation of that name; an unknown where nothing explains it."""
    walk.reads[name.key] = name
    shape = walk.shapes(name)
    if shape is None:
        return opaque(walk, f"relation {name.key} is not in the manifest")
    walk.natures = walk.natures or any(c.listed or c.fields for c in shape.columns)
    return base(name.key, shape)
