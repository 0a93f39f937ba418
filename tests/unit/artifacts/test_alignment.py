"""Compiled SQL back to its template.

Jinja itself renders; a second rendering, in which each letter of the template is unique, tells
where every character really came from.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count

import jinja2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pii_lint.artifacts.alignment import align

ENGINE = jinja2.Environment(extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"])  # noqa: S701
# as dbt makes it; nothing here is HTML
ENGINE.globals["config"] = lambda **options: ""


def place(template: str, needle: str, **values: object) -> str | None:
    """The part of the template behind the first `needle` of its rendering."""
    rendered = ENGINE.from_string(template).render(**values)
    start = rendered.index(needle)
    span = align(template, rendered).span(start, start + len(needle))
    return template[span[0] : span[1]] if span else None


@pytest.mark.parametrize(
    ("template", "needle", "expected"),
    [
        ("select email from t", "email", "email"),
        ("{{ config(a={'b': 1}) }}\n\nselect email", "email", "email"),
        ("{# email #}select email", "email", "email"),
        ("{#- x -#}\n  select a,\n  email", "email", "email"),
        ("-- email\nselect a -- b", "a", "a"),
        ("select {{ x }} as a", "X.Y", "{{ x }}"),
        ("select {{ x }} as a", "X.Y as a", "{{ x }} as a"),
        ("select {{- x -}} as a", "X.Y", "{{- x -}}"),
        ("select {{ {'a': {'b': x}}['a']['b'] }} as a", "X.Y", "{{ {'a': {'b': x}}['a']['b'] }}"),
        ("select {{ '}}' ~ x }} as a", "X.Y", "{{ '}}' ~ x }}"),
        (
            "{{ {'a': {'b': {'c': x}}}['a']['b']['c'] }} as a",
            "X.Y",
            "{{ {'a': {'b': {'c': x}}}['a']['b']['c'] }}",
        ),
        ("{% set y = {'k': [1, 2]} %}select a", "a", "a"),
        ("{% if yes %}a{% else %}b{% endif %}{% if no %}a{% endif %}", "a", "a"),
        ("{% set y %}select b{% endset %}select a", "a", "a"),
        ("{% set y %}{% for i in n %}a{% endfor %}{% endset %}select {{ x }}", "X.Y", "{{ x }}"),
        ("{% macro m() %}a{% endmacro %}select a", "a", "a"),
        ("{% do n.append(4) %}select a", "a", "a"),
        ("{% raw %}select {{ a }}{% endraw %}", "{{ a }}", "{{ a }}"),
        ("{%- raw -%} select a {%- endraw -%} from b", "a", "a"),
        ("{% if yes %}select a{% else %}select b{% endif %}", "a", "a"),
        ("{% if no %}select b{% elif yes %}select a{% else %}select c{% endif %}", "a", "a"),
        ("{% if no %}x{% elif no %}y{% endif %}select a", "a", "a"),
        ("{% for i in n %}c{{ i }}, {% endfor %}a", "c2", "c{{ i }}"),
        ("{% for i in n %}c{{ i }}{% if not loop.last %}, {% endif %}{% endfor %}", "3", "{{ i }}"),
        ("{% for i in nil %}x{% else %}select a{% endfor %}", "a", "a"),
        ("{% for i in n %}{% if i == 2 %}{% break %}{% endif %}c{{ i }} {% endfor %}a", "a", "a"),
        (
            "{% for i in n %}{% if i == 2 %}{% continue %}{% endif %}c{{ i }} {% endfor %}a",
            "c3",
            "c{{ i }}",
        ),
        ("{% for i in n %}{% for j in n %}c{{ i }}{{ j }} {% endfor %}{% endfor %}a", "a", "a"),
        ("{% with z = 1 %}select a{% endwith %}", "a", "a"),
        (
            "{% filter upper %}select b{% endfilter %}, a",
            "SELECT",
            "{% filter upper %}select b{% endfilter %}",
        ),
        (
            "{% macro m() %}[{{ caller() }}]{% endmacro %}{% call m() %}a{% endcall %}",
            "[a]",
            "{% call m() %}a{% endcall %}",
        ),
        ("select a\n", "a", "a"),
        ("select a\n\n", "a", "a"),
    ],
)
def test_a_span_is_found_in_its_template(template: str, needle: str, expected: str) -> None:
    values = {"x": "X.Y", "yes": True, "no": False, "n": [1, 2, 3], "nil": []}
    assert place(template, needle, **values) == expected


@pytest.mark.parametrize(
    ("template", "needle"),
    [
        ("{% if yes %}select a{% else %}select a{% endif %}", "a"),
        ("{{ x }}{{ x }}", "X.Y"),
        ("{% if no %}{{ x }}{% endif %}{{ x }}", "X.Y"),
    ],
)
def test_a_span_with_two_possible_places_is_not_claimed(template: str, needle: str) -> None:
    assert place(template, needle, x="X.Y", yes=True, no=False) is None


@pytest.mark.parametrize(
    "template",
    [
        "{% unheard_of %}\nselect a\nfrom {{ x }}\n",
        "select a\nfrom {{ x",
        "select a\n{% endif %}",
        "select a\n{% if x %}",
        "select a\n{# no end",
        "select a\n{% raw %}",
        "select a\n{% else %}",
        "select a\n{% break %}",
    ],
)
def test_a_template_that_cannot_be_read_proves_nothing(template: str) -> None:
    alignment = align(template, "select a\nfrom X.Y")
    assert [alignment.span(at, at + 1) for at in range(8)] == [None] * 8
    assert alignment.before(7) is None


def test_sql_of_another_template_is_not_aligned() -> None:
    assert align("select email from people", "select phone from people").span(7, 12) is None


def test_ephemeral_models_in_front_do_not_shift_the_rest() -> None:
    injected = " __dbt__cte__e as (\nselect email from t\n)"
    template = "select email from {{ ref('e') }}"
    compiled = f"with{injected} select email from __dbt__cte__e"
    alignment = align(template, compiled, (injected,))
    at = compiled.rindex("email")
    assert alignment.span(at, at + 5) == (7, 12)
    assert alignment.span(compiled.index("email"), compiled.index("email") + 5) is None


def test_ephemeral_models_among_the_querys_own_do_not_shift_the_rest() -> None:
    injected = [" __dbt__cte__e as (\nselect email from t\n)", " __dbt__cte__f as (\nselect 1\n)"]
    template = "with a as (select email from {{ ref('e') }})\nselect * from a"
    own = "a as (select email from __dbt__cte__e)\nselect * from a"
    compiled = f"with {injected[0]}, {injected[1]}, {own}"
    alignment = align(template, compiled, tuple(injected))
    at = compiled.rindex("email")
    assert alignment.span(at, at + 5) == (18, 23)
    assert alignment.span(0, 4) == (0, 4)
    assert alignment.before(compiled.index("select email from t")) == 5


def test_hundreds_of_alike_holes_are_given_up_not_waited_for() -> None:
    template = "\n".join("{{ x }}," for _ in range(400))
    compiled = template.replace("{{ x }}", "a,\nb")
    assert align(template, compiled).span(0, 1) is None


# --- against Jinja's own rendering


@dataclass(frozen=True)
class Rendered:
    template: str
    compiled: str
    truth: list[int | None]
    # of each compiled character: its place in the template; None where an expression wrote it


def render(template: str, values: dict[str, object]) -> Rendered:
    """Render twice; in the second template each literal letter is one that occurs nowhere else."""
    places: dict[str, int] = {}
    unique = count(0xF0000)
    marked = []
    depth = 0
    for at, letter in enumerate(template):
        depth += letter == "{"
        if depth or letter.isspace():
            marked.append(letter)
        else:
            sign = chr(next(unique))
            places[sign] = at
            marked.append(sign)
        depth -= letter == "}"
    compiled = ENGINE.from_string(template).render(**values)
    second = ENGINE.from_string("".join(marked)).render(**values)
    assert len(compiled) == len(second)
    return Rendered(template, compiled, [places.get(sign) for sign in second])


LEAVES = ["{{ h }}", "{{- k -}}", "{# #}", "{#- -#}", "{% set q = 1 %}", "{{ config(a=1) }}"]
BRANCHES = [
    "{{% if b %}}{0}{{% endif %}}{1}",
    "{{% if c %}}{0}{{% endif %}}{1}",
    "{{%- if c %}}{0}{{% else -%}}{1}{{%- endif %}}",
    "{{% for i in n %}}{0}{{% endfor -%}}{1}",
    "{{% for i in n %}}{{{{ i }}}}{0}{{% endfor %}}{1}",
    "{{% set z %}}{0}{{% endset %}}{1}",
]


@st.composite
def templates(draw: st.DrawFn, letters: str, depth: int) -> str:
    pieces = []
    for _ in range(draw(st.integers(1, 5))):
        kind = draw(st.integers(0, 3 if depth else 1))
        if kind == 0:
            pieces.append(draw(st.text(letters, min_size=1, max_size=4)))
        elif kind == 1:
            pieces.append(draw(st.sampled_from(LEAVES)))
        else:
            parts = [draw(templates(letters, depth - 1)) for _ in range(2)]
            pieces.append(draw(st.sampled_from(BRANCHES)).format(*parts))
    return "".join(pieces)


def claims(case: Rendered) -> int:
    """Check each claim of the alignment against the truth, and count them."""
    alignment = align(case.template, case.compiled)
    count = 0
    for position, letter in enumerate(case.compiled):
        span = alignment.span(position, position + 1)
        if span is None or letter.isspace():
            continue
        count += 1
        truth = case.truth[position]
        if truth is None:
            assert case.template[span[0]] == "{"
        else:
            assert span == (truth, truth + 1)
    return count


@settings(max_examples=150, deadline=None)
@given(templates("xy \n", 2), st.text("123", max_size=3), st.text("12\n", max_size=3))
def test_every_claim_is_true_where_macros_write_other_text_than_the_template(
    template: str, h: str, k: str
) -> None:
    claims(render(template, {"h": h, "k": k, "b": True, "c": False, "n": [4, 5]}))


@settings(max_examples=150, deadline=None)
@given(templates("xy \n", 0), st.text("xy\n", max_size=3), st.text("xy ", max_size=3))
def test_every_claim_is_true_without_branches_even_if_macros_write_the_templates_text(
    template: str, h: str, k: str
) -> None:
    claims(render(template, {"h": h, "k": k}))


def test_what_a_usual_model_compiles_to_is_claimed_whole() -> None:
    template = (
        "with s as (select * from {{ h }})\n"
        "{% for i in n %}select {{ i }} as a{{ i }},\n{% endfor %}"
        "{% if b %}{{ k }} as x{% else %}y{% endif %}\nfrom s"
    )
    case = render(template, {"h": '"db"."t"', "k": "f(z)", "b": True, "n": [4, 5]})
    assert claims(case) == len("".join(case.compiled.split()))
