"""Rewritings that change nothing, or only in one direction, must show so in the labels."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pii_lint.config import load_config
from pii_lint.data.registry import load_registry
from pii_lint.labels import SECRET, Form
from pii_lint.lineage.summary import Part, Ref, Signal
from pii_lint.lineage.values import NOTHING, Value, apply, blend, flat, union
from pii_lint.propagation.inventory import RelationFacts
from pii_lint.propagation.link import trace
from tests.corpus.harness import inventory, model_id, project, source_id, world
from tests.fuzz.queries import programs

settings.register_profile(
    "metamorphic",
    derandomize=True,
    max_examples=50,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
EXAMPLES = settings.get_profile("metamorphic")
FEW_EXAMPLES = settings(EXAMPLES, max_examples=20)
Models = Mapping[str, str]
Sight = dict[str, set[tuple[str, str]]]
"""Column -> (origin, form)."""


def facts(models: Models) -> RelationFacts:
    return inventory(models).relations[model_id(list(models)[-1])]


def sight(relation: RelationFacts) -> Sight:
    """Forms and origins per column, the relation's own signals under the empty name."""
    found = {
        name: {(str(label.origin), label.form.word) for label in column.labels}
        for name, column in relation.columns.items()
    }
    found[""] = {(str(label.origin), label.form.word) for label in relation.signals}
    return own(found)


def own(found: Sight) -> Sight:
    """Lost sight belongs to a node; which one doesn't matter here."""
    lost = re.compile(r"model\..*\.\*$")
    return {
        name: {("" if lost.match(origin) else origin, form) for origin, form in labels}
        for name, labels in found.items()
    }


def columns(found: Sight) -> Sight:
    return {name: labels for name, labels in found.items() if name}


def last(models: Models) -> tuple[dict[str, str], str, str]:
    """All models but the last, its name, its SQL."""
    *before, name = models
    return {n: models[n] for n in before}, name, models[name]


def rewritten(models: Models, pattern: str) -> dict[str, str]:
    before, name, sql = last(models)
    return {**before, name: pattern.format(sql)}


# --- rewritings that change no label -------------------------------------------------------------


@pytest.mark.slow
@EXAMPLES
@given(programs())
def test_wrapping_in_a_cte_changes_no_label(models: dict[str, str]) -> None:
    wrapped = rewritten(models, "with wrapped_ as ({}) select * from wrapped_")
    assert sight(facts(wrapped)) == sight(facts(models))


@pytest.mark.slow
@EXAMPLES
@given(programs())
def test_selecting_all_of_a_query_changes_no_label(models: dict[str, str]) -> None:
    assert sight(facts(rewritten(models, "select * from ({})"))) == sight(facts(models))


@pytest.mark.slow
@EXAMPLES
@given(programs())
def test_naming_a_subquery_changes_no_label(models: dict[str, str]) -> None:
    assert sight(facts(rewritten(models, "select q_.* from ({}) as q_"))) == sight(facts(models))


@pytest.mark.slow
@EXAMPLES
@given(programs())
def test_renaming_an_alias_changes_no_label(models: dict[str, str]) -> None:
    renamed = {name: re.sub(r"\bt(\d+)\b", r"other_\1", sql) for name, sql in models.items()}
    assert sight(facts(renamed)) == sight(facts(models))


@pytest.mark.slow
@EXAMPLES
@given(programs())
def test_a_union_with_itself_changes_no_label(models: dict[str, str]) -> None:
    before, name, sql = last(models)
    doubled = {**before, name: f"({sql}) union all ({sql})"}
    assert sight(facts(doubled)) == sight(facts(models))


@pytest.mark.slow
@EXAMPLES
@given(programs())
def test_splitting_a_model_in_two_changes_no_label(models: dict[str, str]) -> None:
    before, name, sql = last(models)
    split = {**before, "first_half": sql, name: "select * from base.first_half"}
    assert sight(facts(split)) == sight(facts(models))


@pytest.mark.slow
def test_the_rewritings_see_labels_at_all() -> None:
    """Equal emptiness would prove nothing."""
    seen: list[bool] = []

    @EXAMPLES
    @given(programs())
    def look(models: dict[str, str]) -> None:
        seen.append(any(columns(sight(facts(models))).values()))

    look()
    assert sum(seen) > len(seen) / 2


# --- rewritings that change labels in one direction ----------------------------------------------


def readable(found: Sight) -> dict[tuple[str, str], int]:
    """(column, origin) -> how much of the value is left, worst first."""
    worst: dict[tuple[str, str], int] = {}
    for name, labels in columns(found).items():
        for origin, word in labels:
            form = Form[word.upper()]
            if form is not Form.UNKNOWN:
                worst[name, origin] = min(form, worst.get((name, origin), form))
    return worst


def hashed(models: Models, digest: str) -> dict[str, str]:
    """Every column of the last model under a digest."""
    known = facts(models)
    names = [column.name for name, column in known.columns.items() if name != "*"]
    items = ", ".join(
        f"{digest.format(f'q_.{quoted(name)}::varchar')} as {quoted(name)}" for name in names
    )
    return rewritten(models, f"select {items} from ({{}}) as q_")


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""').replace("{", "{{").replace("}", "}}") + '"'


@pytest.mark.slow
@EXAMPLES
@given(programs(), st.sampled_from(("md5({})", "sha256({} || (select salt from base.salts))")))
def test_adding_a_hash_never_raises_a_form(models: dict[str, str], digest: str) -> None:
    before = readable(sight(facts(models)))
    after = readable(sight(facts(hashed(models, digest))))
    raised = {key: form for key, form in after.items() if form < before.get(key, form)}
    assert not raised
    assert not [key for key, form in after.items() if form < Form.WEAK and SECRET not in key[1]]


@pytest.mark.slow
@EXAMPLES
@given(programs(), st.sampled_from(("md5({})", "sha256({} || (select salt from base.salts))")))
def test_a_hash_hides_a_value_but_never_its_label(models: dict[str, str], digest: str) -> None:
    before = sight(facts(models))
    after = sight(facts(hashed(models, digest)))
    for name, labels in columns(before).items():
        kept = {origin for origin, _ in after.get(name, set())}
        assert {origin for origin, _ in labels if not origin.endswith(".salts.salt")} <= kept


UNTAGGED = [
    (relation, column)
    for relation, about in world().items()
    for column, attributes in about.items()
    if not {"kind", "keys", "secret"} & attributes.keys()
]


@pytest.mark.slow
@EXAMPLES
@given(programs(), st.lists(st.sampled_from(UNTAGGED), min_size=1, max_size=4, unique=True))
def test_more_tags_give_no_fewer_labels(
    models: dict[str, str], more: list[tuple[str, str]]
) -> None:
    plain = project(models)
    nodes = dict(plain.nodes)
    for relation, column in more:
        node = nodes[source_id(relation)]
        meta = {"pii": True, "pii_type": "personal"}
        tagged = replace(node.columns[column], tags=frozenset({"pii"}), meta=meta)
        nodes[node.unique_id] = replace(node, columns={**node.columns, column: tagged})
    uid = model_id(list(models)[-1])
    config, registry = load_config(), load_registry(None)
    before = readable(sight(trace([plain], config, registry).relations[uid]))
    after = readable(sight(trace([replace(plain, nodes=nodes)], config, registry).relations[uid]))
    # a fold over a group that a new tag says is one person's is worse, not gone
    assert not {key for key, form in before.items() if after.get(key, Form.UNKNOWN) > form}


# --- joining labels ------------------------------------------------------------------------------


def united(*several: Models) -> dict[str, Sight]:
    """The labels of several manifests of one project."""
    projects = [project(models) for models in several]
    traced = trace(projects, load_config(), load_registry(None))
    return {uid: sight(relation) for uid, relation in traced.relations.items()}


@pytest.mark.slow
@FEW_EXAMPLES
@given(programs())
def test_a_manifest_joined_with_itself_is_itself(models: dict[str, str]) -> None:
    assert united(models, models) == united(models)


@pytest.mark.slow
@FEW_EXAMPLES
@given(programs(), programs())
def test_manifests_join_in_any_order(first: dict[str, str], second: dict[str, str]) -> None:
    assert united(first, second) == united(second, first)


@pytest.mark.slow
@FEW_EXAMPLES
@given(programs(), programs(), programs())
def test_manifests_join_however_they_are_grouped(
    first: dict[str, str], second: dict[str, str], third: dict[str, str]
) -> None:
    whole = united(first, second, third)
    assert whole == united(third, first, second)
    for part in (united(first, second), united(second, third)):
        for uid, found in part.items():
            for name, labels in found.items():
                assert labels <= whole[uid][name]


leaves = st.builds(
    lambda read, column, ops: Value({(Ref(read, column), tuple(ops)): None}),
    st.sampled_from(("a", "b")),
    st.sampled_from(("x", "y", "z")),
    st.lists(st.sampled_from([Part("left(3)", 3), Signal("filter")]), max_size=1),
)
values = st.recursive(
    st.just(NOTHING) | leaves,
    lambda inner: (
        st.builds(lambda name, v: Value({}, {name: v}), st.sampled_from("fg"), inner)
        | st.lists(inner, max_size=3).map(union)
    ),
    max_leaves=6,
)


def places(v: Value, path: tuple[str, ...] = ()) -> dict[tuple[str, ...], set[object]]:
    """Every edge by the field it stands in."""
    found: dict[tuple[str, ...], set[object]] = {path: set(v.edges)} if v.edges else {}
    for name, part in (v.fields or {}).items():
        for key, edges in places(part, (*path, name)).items():
            found.setdefault(key, set()).update(edges)
    return found


@given(values, values, values)
def test_union_is_associative(a: Value, b: Value, c: Value) -> None:
    assert places(union((union((a, b)), c))) == places(union((a, union((b, c)))))


@given(values, values)
def test_union_is_commutative(a: Value, b: Value) -> None:
    assert places(union((a, b))) == places(union((b, a)))


@given(values)
def test_union_is_idempotent(a: Value) -> None:
    assert places(union((a, a))) == places(a)


@given(values, values)
def test_union_loses_nothing(a: Value, b: Value) -> None:
    assert flat(a).keys() | flat(b).keys() == flat(union((a, b))).keys()


@given(values, values)
def test_blend_loses_nothing(a: Value, b: Value) -> None:
    assert flat(a).keys() | flat(b).keys() == flat(blend((a, b))).keys()


@given(values, values)
def test_an_operation_on_a_union_is_the_union_of_operations(a: Value, b: Value) -> None:
    op = Signal("group")
    assert flat(apply(union((a, b)), op)).keys() == flat(union((apply(a, op), apply(b, op)))).keys()
