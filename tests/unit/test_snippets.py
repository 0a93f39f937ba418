"""Lines of templates in reports: the right words are marked, and no value or comment is shown."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pii_lint.findings import Line
from pii_lint.lineage import snippet
from pii_lint.reports._layout import snippet_lines

TEMPLATE = """\
{{ config(alias='salted', salt="topsecret") }}
select
  a, -- it's a comment about Anna
  {{ hash_pii('email', 'pepper') }} as h, /* Anna */ 'Anna' || b || 4711 as x
from {{ ref('stg_customers') }} {# Anna #}
where {% if var('a', 3) > 1 %} d = 'Anna' {% endif %}
"""
NAMES = frozenset({"email"})


def shown(text: str, start: tuple[int, int], end: tuple[int, int], dialect: str = "duckdb") -> str:
    return "\n".join("".join(piece[1:]) for piece in snippet(text, dialect, start, end, NAMES))


def test_the_marked_words_are_those_between_the_places() -> None:
    assert snippet(TEMPLATE, "duckdb", (4, 3), (4, 36), NAMES) == [
        (4, "  ", "{{ hash_pii('email', ?) }}", " as h,  ? || b || ? as x")
    ]
    assert snippet(TEMPLATE, "duckdb", (3, 3), (3, 4), NAMES) == [(3, "  ", "a", ",")]


def test_a_star_is_marked_with_its_table() -> None:
    text = "select c.*, 2 * 3, * from c"
    for at, marked in ((10, "c.*"), (15, "*"), (20, "*")):
        assert [piece[2] for piece in snippet(text, "duckdb", (1, at), (1, at + 1))] == [marked]


def test_no_literal_and_no_comment_is_shown_wherever_it_stands() -> None:
    whole = "".join(shown(TEMPLATE, (line, 1), (line, 99)) for line in range(1, 7))
    for value in ("Anna", "4711", "pepper", "topsecret", "salted", "comment"):
        assert value not in whole
    assert "{{ ref('stg_customers') }}" in whole


def test_an_expression_of_many_lines_is_shown_by_how_it_begins() -> None:
    long = "select\n" + "".join(f"  c{i} ||\n" for i in range(20)) + "  c as x"
    assert [piece[0] for piece in snippet(long, "duckdb", (2, 3), (21, 4))] == [2, 3, 4, 5]


@pytest.mark.parametrize(
    "text",
    [
        "select '{% if a %}Anna' {% else %}Berta' {% endif %} as x",
        "select 'Anna as x",
        "select {{ 'Anna' as x",
        r"select 'it\'s Anna' as x, ' Anna' as y",
        "select $$Anna$$ as x",
    ],
    ids=[
        "a literal over a branch",
        "an open literal",
        "an open expression",
        "a quote that some dialects escape",
        "a literal of other dialects",
    ],
)
def test_what_can_t_be_told_apart_from_its_literals_is_not_shown(text: str) -> None:
    assert snippet(text, "spark", (1, 1), (1, 20)) == []


PIECES = [
    "select ", "a, ", "from {{ ref('t') }} ", "|| ", "{{ x }}", "\n", "{{ hash_pii('email') }}",
    "'Anna'", "' '", "'it''s Anna'", "e'it\\'s Anna'", "r'Anna'", "$$Anna$$", "-- Anna\n",
    "-- it's Anna\n", "/* Anna ' */", "{# it's Anna #}", "{{ f('Anna') }}", '{{ f("Anna") }}',
    "{{ {'Anna': {'b': 'Anna'}} }}", "'{{ var(\"Anna\") }}'", "'{{ x }} Anna'",
    "{{ \"it's Anna\" }}",
    "{% if a == 'Anna' %}", "{% else %}", "{% endif %}", "{% set s = 'Anna' %}", "{%- if y -%}",
    "{% raw %}", "{% endraw %}", "{{ source('Anna B', 'b') }}", "#", "\\", "case when b = 'Anna' ",
]  # fmt: skip


@given(
    st.lists(st.sampled_from(PIECES), min_size=1, max_size=9),
    st.sampled_from(["duckdb", "postgres", "bigquery", "snowflake", "spark", ""]),
)
@settings(max_examples=400, deadline=None)
def test_no_template_shows_a_value(pieces: list[str], dialect: str) -> None:
    text = "".join(pieces)
    for number, line in enumerate(text.split("\n"), 1):
        assert "Anna" not in shown(text, (number, 1), (number, len(line) + 1), dialect)


def test_what_a_literal_is_depends_on_the_dialect() -> None:
    assert shown('select "Anna" as x', (1, 1), (1, 9), "bigquery") == "select ? as x"
    assert shown('select "name" as x', (1, 1), (1, 9), "duckdb") == 'select "name" as x'
    assert shown("select $$Anna$$ as x", (1, 1), (1, 9), "postgres") == "select ? as x"


def test_places_outside_of_the_text_are_no_error() -> None:
    assert snippet("select 1", "duckdb", (7, 1), (9, 1)) == []
    assert snippet("select a", "duckdb", (1, 90), (1, 95)) == []


def test_marks_stand_under_what_is_meant() -> None:
    lines = (Line(9, "  ", "größe", " as g,"), Line(10, "  ", "電話\x1b", ""))
    assert list(snippet_lines(lines)) == [
        "   9 |   größe as g,",
        "     |   ^^^^^",
        "  10 |   電話\\x1b",
        "     |   ^^^^^^^^",
    ]
