"""What YAML and the policy file say about columns: labels that are born there, shapes that are
known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pii_lint.artifacts.model import CatalogColumn, Column, Node
from pii_lint.config import Config
from pii_lint.config.model import LabelSpec
from pii_lint.data.registry import Registry
from pii_lint.labels import SECRET, Form, Label, Origin
from pii_lint.lineage import fold
from pii_lint.lineage.summary import Shape, ShapeColumn

ANY_DEPTH = "$any"
"""A path step: the key that follows may stand at any depth of a JSON value."""
LATENT = "$latent"
"""In front of the key where a JSON value was taken from under another key: by declaration it isn't
personal, but what is taken from it under the personal key is."""
Position = tuple[str, ...]
FORMS = {form.word: form for form in Form}
UNNAMED_KIND = "personal"


def born(
    node: Node, column: Column, config: Config, registry: Registry
) -> Iterator[tuple[Position, Label]]:
    """Labels that a column is born with, each with its place inside the value."""
    labelled = node.unique_id in config.labels
    if not (column.meta or column.tags or labelled or node.meta or config.secrets):
        return
    origin = Origin(node.unique_id, column.name)
    if is_secret(node, column, config):
        yield (), Label(origin, SECRET, Form.CLEAR)
        return
    meta = column.meta
    spec = _from_policy(node, column, config)
    for key, kind in _personal_keys(column, spec, registry):
        yield (ANY_DEPTH, key), Label(origin, kind, Form.CLEAR)
    if _has_keys(column, spec):
        return
    form = FORMS.get(str(meta.get("pii_form", "")).lower(), Form.CLEAR)
    if spec is not None:
        yield (), Label(origin, spec.kind, FORMS.get(spec.form or "", form))
    elif is_tagged(column):
        kind = kind_of(column, registry)
        if form is Form.CLEAR and registry.kind(kind).derived_from is not None:
            # what the column holds is a part already: the domain of an email, the year of a birth
            yield (), Label(origin, kind, Form.PARTIAL, part=kind)
        else:
            yield (), Label(origin, kind, form)


def is_secret(node: Node, column: Column, config: Config) -> bool:
    """True for a salt or key: by its own meta, its relation's, or the policy file."""
    listed = {(node.unique_id, column.name.lower()), (node.unique_id, "*")} & config.secret_columns
    return bool(listed) or truthy(node.meta.get("secret")) or truthy(column.meta.get("secret"))


def _has_keys(column: Column, spec: LabelSpec | None) -> bool:
    return bool(spec.keys if spec is not None else column.meta.get("pii_keys"))


def _personal_keys(
    column: Column, spec: LabelSpec | None, registry: Registry
) -> Iterator[tuple[str, str]]:
    """The personal keys of a JSON column, lower case, each with its kind."""
    keys = spec.keys if spec is not None else column.meta.get("pii_keys")
    if isinstance(keys, str):
        keys = (keys,)
    if not isinstance(keys, list | tuple | Mapping):
        return
    named = {str(key): kind for key, kind in keys.items()} if isinstance(keys, Mapping) else {}
    for key in keys:
        word = (
            named.get(str(key)) or registry.key_kind(str(key)) or column.meta.get("pii_type") or key
        )
        yield str(key).lower(), registry.resolve(str(word))


def is_tagged(column: Column) -> bool:
    """True where a tag or meta says that a column is personal."""
    if not column.meta:
        return "pii" in column.tags
    if "pii" in meta_keys(column) and not truthy(column.meta.get("pii")):
        return False
    return (
        "pii" in column.tags or truthy(column.meta.get("pii")) or bool(column.meta.get("pii_type"))
    )


def is_declared_clean(column: Column) -> bool:
    """True where someone looked and said that a column isn't personal."""
    return "pii" in meta_keys(column) and not truthy(column.meta.get("pii"))


def meta_keys(column: Column) -> frozenset[str]:
    """The keys of a column's meta."""
    return frozenset(str(key) for key in column.meta)


def kind_of(column: Column, registry: Registry) -> str:
    """The kind that a tagged column declares, or that its name suggests."""
    declared = column.meta.get("pii_type")
    if isinstance(declared, str) and declared:
        return registry.resolve(declared)
    guess = registry.guess(column.name)
    return guess[0] if guess is not None else registry.resolve(UNNAMED_KIND)


def truthy(value: object) -> bool:
    """What YAML authors mean by yes."""
    return value is True or (
        isinstance(value, str) and value.strip().lower() in ("true", "yes", "y", "1")
    )


def _from_policy(node: Node, column: Column, config: Config) -> LabelSpec | None:
    for name, spec in config.labels.get(node.unique_id, {}).items():
        if name.lower() == column.name.lower():
            return spec
    return None


def columns_of(node: Node, config: Config) -> dict[str, Column]:
    """The declared columns by lower-case name, those of the policy file among them."""
    columns: dict[str, Column] = {}
    for column in node.columns.values():
        # of two that differ in case only, the one that says something
        if column.name.lower() not in columns or column.tags or column.meta:
            columns[column.name.lower()] = column
    for name in config.labels.get(node.unique_id, {}):
        columns.setdefault(name.lower(), Column(name))
    return columns


def shape_of(
    columns: Mapping[str, Column],
    catalog: tuple[CatalogColumn, ...] | None,
    complete: bool,
    dialect: str,
) -> Shape:
    """What is known of a relation's columns. Catalogue names are exact; YAML names fold unless
    `quote: true`."""
    if catalog:
        known = [
            ShapeColumn(c.name.lower(), c.name, c.name, _is_list(c.data_type)) for c in catalog
        ]
        there = {c.key for c in known}
        known += [_declared(c, dialect) for key, c in columns.items() if key not in there]
        return Shape(tuple(known), complete=True, ordered=True)
    shape = tuple(_declared(column, dialect) for column in columns.values())
    return Shape(shape, complete=complete, ordered=complete)


def _declared(column: Column, dialect: str) -> ShapeColumn:
    exact = fold(column.name, column.quote, dialect)
    return ShapeColumn(column.name.lower(), column.name, exact, _is_list(column.data_type))


def _is_list(data_type: str | None) -> bool:
    word = (data_type or "").lower().strip()
    return word.endswith("]") or word.startswith(("array", "list", "map"))
