"""Rewritings that change nothing, or only in one direction, must show so in the labels."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pii_lint.config import load_config
from pii_lint.data.registry import load_registry
from pii_lint.labels import SECRET, Form
from pii_lint.lineage.summary import Part, Ref, Signal
from pii_lint.lineage.values import NOTHING, Value, apply, blend, flat, union
from pii_lint.propagation.inventory import RelationFacts
from pii_lint.propagation.link import trace
from tests.corpus.harness import inventory, model_id, project, source_id, world
from tests.fuzz.queries import program

some_programs = pytest.mark.parametrize("number", range(50))
few_programs = pytest.mark.parametrize("number", range(0, 60, 3))
hashes = pytest.mark.parametrize(
    "digest", ["md5({})", "sha256({} || (select salt from base.salts))"], ids=["plain", "salted"]
)
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
@some_programs
def test_wrapping_in_a_cte_changes_no_label(number: int) -> None:
    models = program(number)
    wrapped = rewritten(models, "with wrapped_ as ({}) select * from wrapped_")
    assert sight(facts(wrapped)) == sight(facts(models))


@pytest.mark.slow
@some_programs
def test_selecting_all_of_a_query_changes_no_label(number: int) -> None:
    models = program(number)
    assert sight(facts(rewritten(models, "select * from ({})"))) == sight(facts(models))


@pytest.mark.slow
@some_programs
def test_naming_a_subquery_changes_no_label(number: int) -> None:
    models = program(number)
    assert sight(facts(rewritten(models, "select q_.* from ({}) as q_"))) == sight(facts(models))


@pytest.mark.slow
@some_programs
def test_renaming_an_alias_changes_no_label(number: int) -> None:
    models = program(number)
    renamed = {name: re.sub(r"\bt(\d+)\b", r"other_\1", sql) for name, sql in models.items()}
    assert sight(facts(renamed)) == sight(facts(models))


@pytest.mark.slow
@some_programs
def test_a_union_with_itself_changes_no_label(number: int) -> None:
    models = program(number)
    before, name, sql = last(models)
    doubled = {**before, name: f"({sql}) union all ({sql})"}
    assert sight(facts(doubled)) == sight(facts(models))


@pytest.mark.slow
@some_programs
def test_splitting_a_model_in_two_changes_no_label(number: int) -> None:
    models = program(number)
    before, name, sql = last(models)
    split = {**before, "first_half": sql, name: "select * from base.first_half"}
    assert sight(facts(split)) == sight(facts(models))


@pytest.mark.slow
def test_the_rewritings_see_labels_at_all() -> None:
    """Equal emptiness would prove nothing."""
    numbers = range(50)
    seen = sum(any(columns(sight(facts(program(n)))).values()) for n in numbers)
    assert seen > len(numbers) / 2


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
@hashes
@some_programs
def test_adding_a_hash_never_raises_a_form(number: int, digest: str) -> None:
    models = program(number)
    before = readable(sight(facts(models)))
    after = readable(sight(facts(hashed(models, digest))))
    # what is lost to sight may be anything, and counts as a pseudonym under a key
    raised = {key for key, form in after.items() if key[1] and form < before.get(key, form)}
    assert not raised
    assert not [key for key, form in after.items() if form < Form.WEAK and SECRET not in key[1]]


@pytest.mark.slow
@hashes
@some_programs
def test_a_hash_hides_a_value_but_never_its_label(number: int, digest: str) -> None:
    models = program(number)
    before = sight(facts(models))
    after = sight(facts(hashed(models, digest)))
    for name, labels in columns(before).items():
        if name == "*":
            # columns that nobody can name, so nobody can hash them
            continue
        kept = {origin for origin, _ in after.get(name, set())}
        assert {origin for origin, _ in labels if not origin.endswith(".salts.salt")} <= kept


UNTAGGED = [
    (relation, column)
    for relation, about in world().items()
    for column, attributes in about.items()
    if not {"kind", "keys", "secret"} & attributes.keys()
]


@pytest.mark.slow
@some_programs
def test_more_tags_give_no_fewer_labels(number: int) -> None:
    models = program(number)
    draw = Random(number)
    more = draw.sample(UNTAGGED, draw.randint(1, 4))
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
@few_programs
def test_a_manifest_joined_with_itself_is_itself(number: int) -> None:
    models = program(number)
    assert united(models, models) == united(models)


@pytest.mark.slow
@few_programs
def test_manifests_join_in_any_order(number: int) -> None:
    first, second = program(number), program(number + 1)
    assert united(first, second) == united(second, first)


@pytest.mark.slow
@few_programs
def test_manifests_join_however_they_are_grouped(number: int) -> None:
    first, second, third = (program(n) for n in range(number, number + 3))
    whole = united(first, second, third)
    assert whole == united(third, first, second)
    for part in (united(first, second), united(second, third)):
        for uid, found in part.items():
            for name, labels in found.items():
                assert labels <= whole[uid][name]


EXAMPLES = settings(derandomize=True, deadline=None)
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


@EXAMPLES
@given(values, values, values)
def test_union_is_associative(a: Value, b: Value, c: Value) -> None:
    assert places(union((union((a, b)), c))) == places(union((a, union((b, c)))))


@EXAMPLES
@given(values, values)
def test_union_is_commutative(a: Value, b: Value) -> None:
    assert places(union((a, b))) == places(union((b, a)))


@EXAMPLES
@given(values)
def test_union_is_idempotent(a: Value) -> None:
    assert places(union((a, a))) == places(a)


@EXAMPLES
@given(values, values)
def test_union_loses_nothing(a: Value, b: Value) -> None:
    assert flat(a).keys() | flat(b).keys() == flat(union((a, b))).keys()


@EXAMPLES
@given(values, values)
def test_blend_loses_nothing(a: Value, b: Value) -> None:
    assert flat(a).keys() | flat(b).keys() == flat(blend((a, b))).keys()


@EXAMPLES
@given(values, values)
def test_an_operation_on_a_union_is_the_union_of_operations(a: Value, b: Value) -> None:
    op = Signal("group")
    assert flat(apply(union((a, b)), op)).keys() == flat(union((apply(a, op), apply(b, op)))).keys()
