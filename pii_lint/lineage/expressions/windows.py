"""Over which rows a function computes, and in which order: windows, filters, sorting."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from pii_lint.lineage.scopes import Scope
from pii_lint.lineage.summary import TRANSFORM, Signal
from pii_lint.lineage.values import Value, apply, flat, flow, union
from pii_lint.lineage.walk import Handler, Walk, WindowFrame, values

from .calls import arguments, spec_of
from .conditions import pinned
from .folds import group_of, quantile_of


def _window(walk: Walk, e: exp.Expr, scope: Scope) -> Value:
    chain = [e, *_named_windows(e, scope)]
    keys = [v for w in chain for v in values(walk, w.args.get("partition_by") or [], scope)]
    partition = frozenset(flat(union(keys)))
    framed = any(w.args.get(key) is not None for w in chain for key in ("order", "spec"))
    for window in chain:
        spec = window.args.get("spec")
        bounds = [spec.args.get(key) for key in ("start", "end")] if spec is not None else []
        deciding = [window.args.get("order"), *bounds]
        keys += values(walk, [d for d in deciding if isinstance(d, exp.Expr)], scope)
    outer, walk.window = walk.window, WindowFrame(partition, framed)
    inside = walk.value(walk, e.this, scope)
    walk.window = outer
    return union((inside, apply(union(keys), Signal("window"))))


def _named_windows(e: exp.Expr, scope: Scope) -> Iterator[exp.Expr]:
    """The windows of the WINDOW clause that this one builds on."""
    window, seen = e, set[str]()
    while (name := _base_window(window)) is not None and name not in seen:
        seen.add(name)
        within: Scope | None = scope
        while within is not None and name not in within.windows:
            within = within.parent
        if within is None:
            return
        window = within.windows[name]
        yield window


def _base_window(window: exp.Expr) -> str | None:
    alias = window.args.get("alias")
    return str(alias.name).lower() if isinstance(alias, exp.Expr) else None


def _filtered(walk: Walk, e: exp.Expr, scope: Scope) -> Value:
    condition = e.expression.this if isinstance(e.expression, exp.Where) else e.expression
    outer, scope.group = scope.group, scope.group | pinned(walk, condition, scope)
    floors, scope.floors = scope.floors, ()
    inside = walk.value(walk, e.this, scope)
    scope.group, scope.floors = outer, floors
    decided = apply(walk.value(walk, condition, scope), Signal("filter", group_of(walk, scope)))
    return union((inside, decided))


def _ordered_argument(walk: Walk, e: exp.Expr, scope: Scope) -> Value:
    keys = apply(union(values(walk, e.expressions, scope)), Signal("sort"))
    return union((walk.value(walk, e.this, scope), keys)) if e.this is not None else keys


def _order_keys(walk: Walk, e: exp.Expr, scope: Scope) -> Value:
    return (
        union(values(walk, e.expressions, scope))
        if e.this is None
        else _ordered_argument(walk, e, scope)
    )


def _having_extreme(walk: Walk, e: exp.Expr, scope: Scope) -> Value:
    """BigQuery's `any_value(x having max y)`."""
    return union(
        (
            walk.value(walk, e.this, scope),
            apply(walk.value(walk, e.expression, scope), Signal("sort")),
        )
    )


def _within_group(walk: Walk, e: exp.Expr, scope: Scope) -> Value:
    """An ordered-set aggregate: it computes over the keys of its order."""
    call = e.this
    keys = union(values(walk, e.expression.expressions, scope))
    spec = spec_of(walk, call)
    cls = spec.cls if spec is not None else "transform"
    if cls == "quantile":
        return quantile_of(walk, keys, [arg for _, arg in arguments(call)], scope)
    inside = walk.value(walk, call, scope)
    if cls in ("rank", "count"):
        return union((inside, apply(keys, Signal("window"))))
    if cls == "pick" and spec is not None and arguments(call) and "fraction" not in spec.roles:
        return union((inside, apply(keys, Signal("sort"))))
    return union((inside, keys if cls == "pick" else flow(keys, TRANSFORM)))


HANDLERS: dict[type[exp.Expr], Handler] = {
    exp.Window: _window,
    exp.Filter: _filtered,
    exp.Order: _order_keys,
    exp.WithinGroup: _within_group,
    exp.HavingMax: _having_extreme,
}
