"""What operations do to a label: the transfer table, cell by cell, and what surrounds it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pii_lint.data.registry import Kind, load_registry
from pii_lint.labels import (
    CHANGED_SECRET,
    MAYBE_NULL,
    MOST_OUTCOMES,
    SECRET,
    VALUE_FORMS,
    Form,
    Label,
    Origin,
    carry,
)
from pii_lint.lineage.summary import (
    CASE,
    CAST,
    CONCAT,
    ENCODE,
    NULLABLE,
    OPTIONAL,
    SKIPPED,
    TRANSFORM,
    Chain,
    Decode,
    Digest,
    Flow,
    Fold,
    Op,
    Part,
    Ref,
    Reveal,
    Signal,
    Test,
)

Test.__test__ = False  # type: ignore[attr-defined]  # an operation, not a test class
EMAIL, SALARY = "contact.email", "financial.salary"
KEY = frozenset({(Ref("salts", "salt"), False)})


@dataclass(frozen=True)
class Around:
    """Surroundings in which a digest with any key is keyed and each group holds many people."""

    few_values: bool = False
    one_person: bool = False
    number: bool = False

    def kind(self, name: str) -> Kind:
        return load_registry().kind(name)

    def derived(self, kind: str, part: str) -> str | None:
        return load_registry().derive(kind, part)

    def small(self, label: Label) -> bool:
        return self.few_values

    def keyed(self, digest: Digest) -> bool:
        return bool(digest.keys)

    def single(self, fold: Fold, label: Label) -> bool:
        return self.one_person

    def numeric(self, label: Label) -> bool:
        return self.number


def label(
    form: Form, kind: str = EMAIL, *, part: str | None = None, equated: bool = False
) -> Label:
    clause = "filter" if form is Form.SIGNAL else None
    return Label(Origin("source.p.raw.users", "x"), kind, form, clause, equated, part)


def after(*chain: Op, of: Label, around: Around = Around()) -> Label:
    carried = carry(of, chain, around)
    assert carried is not None
    return carried


# --- the table -----------------------------------------------------------------------------------

TABLE = """
                clear      partial    weak       pseudonym  statistic  signal  unknown
copy            clear      partial    weak       pseudonym  statistic  signal  unknown
transform       clear      partial    weak       pseudonym  statistic  signal  unknown
part            partial    partial    weak       pseudonym  statistic  signal  unknown
unkeyed digest  weak       weak       weak       pseudonym  statistic  signal  unknown
keyed digest    pseudonym  pseudonym  pseudonym  pseudonym  statistic  signal  pseudonym
reveal          clear      clear      clear      clear      statistic  signal  unknown
fold            statistic  statistic  weak       pseudonym  statistic  signal  unknown
test            signal     signal     signal     signal     signal     signal  signal
equality        signal     signal     signal     signal     signal     signal  signal
count           signal     signal     signal     signal     signal     signal  signal
condition       signal     signal     signal     signal     signal     signal  signal
filter          signal     signal     signal     signal     signal     signal  signal
few outcomes    signal     signal     signal     signal     signal     signal  signal
"""
OPERATIONS: dict[str, Chain] = {
    "copy": (),
    "transform": (Flow(TRANSFORM),),
    "part": (Part("left(3)", 3),),
    "unkeyed digest": (Digest(frozenset(), "md5"),),
    "keyed digest": (Digest(KEY, "sha256"),),
    "reveal": (Reveal(),),
    "fold": (Fold(frozenset(), numeric=True),),
    "test": (Test("test"),),
    "equality": (Test("filter", equated=True),),
    "count": (Signal("count"),),
    "condition": (Test("condition"),),
    "filter": (Signal("filter"),),
    "few outcomes": (Decode(2),),
}


def cells() -> Iterator[tuple[str, Form, Form]]:
    head, *rows = (line for line in TABLE.splitlines() if line.strip())
    forms = [Form[word.upper()] for word in head.split()]
    for row in rows:
        name, words = row[:16].strip(), row[16:].split()
        for before, word in zip(forms, words, strict=True):
            yield name, before, Form[word.upper()]


@pytest.mark.parametrize(
    ("operation", "before", "expected"),
    [pytest.param(*cell, id=f"{cell[0]} of {cell[1].word}") for cell in cells()],
)
def test_the_transfer_table(operation: str, before: Form, expected: Form) -> None:
    carried = after(*OPERATIONS[operation], of=label(before))
    assert carried.form is expected


def test_the_table_is_whole() -> None:
    table = {(name, before) for name, before, _ in cells()}
    assert table == {(name, form) for name in OPERATIONS for form in Form}


@pytest.mark.parametrize(
    "how", [CAST, CASE, ENCODE, CONCAT, NULLABLE, OPTIONAL, SKIPPED, TRANSFORM]
)
@pytest.mark.parametrize("form", Form)
def test_no_way_of_passing_on_changes_a_personal_label(how: int, form: Form) -> None:
    assert after(Flow(how), of=label(form)) == label(form)


def test_origin_and_kind_stay() -> None:
    for chain in OPERATIONS.values():
        carried = after(*chain, of=label(Form.CLEAR, "identity.name"))
        assert carried.origin == label(Form.CLEAR).origin
        assert carried.kind.startswith("identity.name")


OPS = [op for chain in OPERATIONS.values() for op in chain]
EXAMPLES = settings(derandomize=True, deadline=None)
chains = st.lists(st.sampled_from(OPS), max_size=6).map(tuple)


@EXAMPLES
@given(chain=chains, form=st.sampled_from(Form))
def test_only_reveal_lifts_a_form(chain: Chain, form: Form) -> None:
    carried = carry(label(form), chain, Around())
    if form is not Form.UNKNOWN and carried is not None and Reveal() not in chain:
        assert carried.form >= form


@EXAMPLES
@given(chain=chains, form=st.sampled_from(Form))
def test_a_personal_label_never_vanishes(chain: Chain, form: Form) -> None:
    assert carry(label(form), chain, Around()) is not None


@EXAMPLES
@given(first=chains, second=chains, form=st.sampled_from(Form))
def test_a_chain_can_be_cut_anywhere_between_forms(first: Chain, second: Chain, form: Form) -> None:
    whole = carry(label(form), (*first, *second), Around())
    half = carry(label(form), first, Around())
    assert half is not None
    assert whole is not None
    pieces = carry(half, second, Around())
    assert pieces is not None
    assert pieces.form is whole.form or Part("left(3)", 3) in first


# --- signals -------------------------------------------------------------------------------------


def test_a_signal_carries_its_clause() -> None:
    assert after(Signal("group"), of=label(Form.CLEAR)).clause == "group"
    assert after(Test("test"), of=label(Form.WEAK)).clause == "test"


def test_a_signal_keeps_the_clause_it_had() -> None:
    assert after(Signal("group"), of=label(Form.SIGNAL)).clause == "filter"


@pytest.mark.parametrize("form", Form)
def test_equality_carries_a_readable_value_and_no_other(form: Form) -> None:
    carried = after(Test("filter", equated=True), of=label(form))
    assert carried.equated is (form in (Form.CLEAR, Form.PARTIAL))


def test_a_test_of_what_was_equated_is_no_longer_equal() -> None:
    equal = label(Form.SIGNAL, equated=True)
    assert not after(Test("test"), of=equal).equated
    assert after(of=equal).equated


# --- small domains -------------------------------------------------------------------------------


@pytest.mark.parametrize("op", [Test("test"), Test("condition"), Decode(2), Decode(40)])
def test_a_test_over_few_values_is_the_value(op: Op) -> None:
    assert after(op, of=label(Form.CLEAR), around=Around(few_values=True)).form is Form.CLEAR
    assert after(op, of=label(Form.CLEAR)).form is not Form.CLEAR


def test_a_count_over_few_values_is_a_signal() -> None:
    assert after(Signal("count"), of=label(Form.CLEAR), around=Around(few_values=True)).form is (
        Form.SIGNAL
    )


def test_a_digest_of_few_values_can_be_tested_without_showing_them() -> None:
    around = Around(few_values=True)
    assert after(Test("test"), of=label(Form.PSEUDONYM), around=around).form is Form.SIGNAL


# --- decoders ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outcomes", "form"), [(MOST_OUTCOMES, Form.SIGNAL), (MOST_OUTCOMES + 1, Form.PARTIAL)]
)
def test_a_choice_among_many_tells_part_of_the_value(outcomes: int, form: Form) -> None:
    assert after(Decode(outcomes), of=label(Form.CLEAR)).form is form


def test_a_choice_among_many_by_a_digest_is_a_signal() -> None:
    assert after(Decode(40), of=label(Form.WEAK)).form is Form.SIGNAL


# --- parts ---------------------------------------------------------------------------------------


def test_a_part_as_wide_as_the_shortest_value_is_the_value() -> None:
    shortest = load_registry().kind(EMAIL).min_length
    assert after(Part("left(n)", shortest), of=label(Form.CLEAR)).form is Form.CLEAR
    assert after(Part("left(n)", shortest - 1), of=label(Form.CLEAR)).form is Form.PARTIAL


def test_parts_are_told_apart() -> None:
    left, right = (after(Part(spec, 2), of=label(Form.CLEAR)) for spec in ("left(2)", "right(2)"))
    assert left.part == "left(2)"
    assert left != right


def test_a_part_of_a_part_names_both() -> None:
    twice = after(Part("left(4)", 4), Part("right(2)", 2), of=label(Form.CLEAR))
    assert twice.form is Form.PARTIAL
    assert twice.part == "left(4) | right(2)"


def test_a_declared_part_is_a_coarser_kind() -> None:
    domain = Part("split_part(@,2)")
    assert after(domain, of=label(Form.CLEAR)).kind == "contact.email.domain"
    assert after(Part("split_part(@,1)"), of=label(Form.CLEAR)).kind == EMAIL


@pytest.mark.parametrize("how", [TRANSFORM, CONCAT, ENCODE])
def test_a_part_of_something_changed_is_no_declared_one(how: int) -> None:
    carried = after(Flow(how), Part("split_part(@,2)"), of=label(Form.CLEAR))
    assert (carried.kind, carried.form) == (EMAIL, Form.PARTIAL)


@pytest.mark.parametrize("how", [CAST, CASE])
def test_a_part_of_a_cast_is_still_the_declared_one(how: int) -> None:
    carried = after(Flow(how), Part("split_part(@,2)"), of=label(Form.CLEAR))
    assert carried.kind == "contact.email.domain"


# --- digests and secrets -------------------------------------------------------------------------


def test_a_digest_after_a_digest_keeps_the_better_one() -> None:
    keyed, plain = Digest(KEY, "sha256"), Digest(frozenset(), "md5")
    assert after(keyed, plain, of=label(Form.CLEAR)).form is Form.PSEUDONYM
    assert after(plain, keyed, of=label(Form.CLEAR)).form is Form.PSEUDONYM
    assert after(plain, plain, of=label(Form.CLEAR)).form is Form.WEAK


@pytest.mark.parametrize("digest", [Digest(KEY, "sha256"), Digest(frozenset(), "md5")])
def test_a_digest_consumes_a_secret(digest: Digest) -> None:
    assert carry(label(Form.CLEAR, SECRET), (digest,), Around()) is None


@pytest.mark.parametrize(
    "op", [Flow(CAST), Flow(TRANSFORM), Part("left(3)", 3), Fold(frozenset(), True)]
)
def test_anything_else_carries_a_secret(op: Op) -> None:
    carried = after(op, of=label(Form.CLEAR, SECRET))
    assert (carried.kind, carried.form) == (SECRET, Form.CLEAR)


@pytest.mark.parametrize("how", [0, CAST, ENCODE, CONCAT])
def test_a_secret_that_passes_whole_stays_whole(how: int) -> None:
    assert after(Flow(how), of=label(Form.CLEAR, SECRET)).part is None


@pytest.mark.parametrize("op", [Flow(CASE), Flow(OPTIONAL), Flow(TRANSFORM), Part("left(3)", 3)])
def test_a_secret_that_was_changed_says_so(op: Op) -> None:
    assert after(op, of=label(Form.CLEAR, SECRET)).part == CHANGED_SECRET


def test_a_secret_from_the_loose_side_of_a_join_may_be_null() -> None:
    assert after(Flow(NULLABLE), of=label(Form.CLEAR, SECRET)).part == MAYBE_NULL


def test_a_changed_secret_stays_changed() -> None:
    chain = (Flow(TRANSFORM), Flow(NULLABLE), Flow(CAST))
    assert after(*chain, of=label(Form.CLEAR, SECRET)).part == CHANGED_SECRET


# --- folds ---------------------------------------------------------------------------------------

FOLD = Fold(frozenset(), numeric=True)
EITHER = Fold(frozenset(), numeric=False)


@pytest.mark.parametrize("form", [Form.CLEAR, Form.PARTIAL])
def test_a_fold_over_one_person_is_the_value(form: Form) -> None:
    around = Around(one_person=True)
    assert after(FOLD, of=label(form, SALARY), around=around).form is form
    assert after(FOLD, of=label(form, SALARY)).form is Form.STATISTIC


def test_a_fold_that_takes_text_too_is_a_copy_of_text() -> None:
    assert after(EITHER, of=label(Form.CLEAR)).form is Form.CLEAR
    assert after(EITHER, of=label(Form.CLEAR, SALARY), around=Around(number=True)).form is (
        Form.STATISTIC
    )


def test_a_fold_over_measures_of_text_is_a_statistic() -> None:
    assert after(Part("length"), EITHER, of=label(Form.CLEAR)).form is Form.STATISTIC


def test_a_fold_of_a_mask_is_no_statistic() -> None:
    for form in (Form.WEAK, Form.PSEUDONYM):
        assert after(FOLD, of=label(form)).form is form


def test_value_forms_are_those_that_hold_something_of_the_value() -> None:
    kept = {form for form in Form if after(Reveal(), of=label(form)).form is Form.CLEAR}
    assert kept == VALUE_FORMS
