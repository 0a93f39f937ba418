"""Another value for each: of the same shape, as distinct, the same for the same."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from pii_lint.evidence.alter import canaries, exchanged, others, under

scalars = (
    st.text(max_size=24)
    | st.integers(-(10**12), 10**12)
    | st.dates(date(1900, 1, 1), date(2100, 1, 1))
    | st.decimals(-9999, 9999, places=2)
)


@settings(max_examples=150, deadline=None)
@given(st.sets(scalars, max_size=30))
def test_values_stay_as_distinct_as_they_were_and_none_stays_what_it_was(
    values: set[object],
) -> None:
    into = others(values, "contact.email")  # type: ignore[arg-type]
    assert len(set(into.values())) == len(into)
    for value, new in into.items():
        assert new != value
        assert type(new) is type(value)
        if isinstance(value, str) and isinstance(new, str):
            assert len(new) == len(value)


def test_spellings_of_one_value_stay_spellings_of_one_value() -> None:
    into = others(["Ann.Lee@x.org", "ann.lee@x.org", "  ann.lee@x.org "], "contact.email")
    assert {str(new).strip().lower() for new in into.values()} == {str(into["ann.lee@x.org"])}
    assert str(into["Ann.Lee@x.org"])[0].isupper()


def test_formats_are_kept() -> None:
    into = others(["1980-02-28", "10.0.0.1", "+49 30 1234", "---", ""], "k")
    assert date.fromisoformat(str(into["1980-02-28"]))
    assert str(into["10.0.0.1"]).count(".") == 3
    assert str(into["+49 30 1234"])[0] == "+"
    assert "---" not in into
    assert "" not in into


def test_a_domain_that_is_used_up_is_turned_round() -> None:
    assert others([True, False], "health.flag") == {True: False, False: True}
    digits = others([str(one) for one in range(10)], "k")
    assert sorted(map(str, digits)) == sorted(map(str, digits.values()))
    assert all(one != new for one, new in digits.items())


def test_the_same_kind_gives_the_same_value_wherever_it_stands() -> None:
    assert others(["ann@x.org"], "k") == others(["ann@x.org"], "k")
    assert others(["ann@x.org"], "k") != others(["ann@x.org"], "another")
    assert others([Decimal("12.50")], "k")[Decimal("12.50")] != Decimal("12.50")


def test_of_a_document_only_the_tagged_keys_change() -> None:
    document = {"Email": "a@b.org", "n": [{"email": ["c@d.org", None, True]}], "plan": "a@b.org"}
    assert sorted(map(str, under(document, {"email"}))) == ["a@b.org", "c@d.org"]
    into = others(["a@b.org", "c@d.org"], "k")
    assert exchanged(document, {"email"}, into) == {
        "Email": into["a@b.org"],
        "n": [{"email": [into["c@d.org"], None, True]}],
        "plan": "a@b.org",
    }


def test_canaries_are_long_and_stand_nowhere_else() -> None:
    planted = canaries(["Jo", "jo@x.org", "1980-02-28"], "k")
    assert len(str(planted["Jo"])) == 20
    assert str(planted["jo@x.org"]).endswith(".example")
    assert date.fromisoformat(str(planted["1980-02-28"]))
