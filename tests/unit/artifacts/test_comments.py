"""Comments in templates, and the line of code that each speaks of."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pii_lint.artifacts.comments import comments
from pii_lint.artifacts.locate import Locator
from pii_lint.artifacts.model import Node

PIECES = ("--", "/*", "*/", "{#", "#}", "{{", "}}", "{%", "%}", "'", '"', "`", "\n", " ", "x", "é")


@pytest.mark.parametrize(
    ("template", "text", "line", "code"),
    [
        ("a -- b", " b", 1, "a     "),
        ("-- b\n\n/* c */\na", " b", 4, "a"),
        ("a\n  /* b\nc */ d\n", " b\nc ", 3, "     d"),
        ("{# b #}\n{{ config() }}", " b ", 2, "{{ config() }}"),
        ("select 'it''s' -- b", " b", 1, "select 'it''s'     "),
        ("select '{{ var('x') }}' -- b", " b", 1, "select '{{ var('x') }}'     "),
        ("{{ f('--') }} -- b", " b", 1, "{{ f('--') }}     "),
        ("a\n-- b", " b", None, ""),
        ("-- b", " b", None, ""),
    ],
)
def test_a_comment_speaks_of_its_line_or_of_the_next_with_code(
    template: str, text: str, line: int | None, code: str
) -> None:
    found = comments(template)[0]
    assert (found.text, found.line, found.code) == (text, line, code)


@pytest.mark.parametrize(
    "template", ["'-- b'", '"/* b */"', "`-- b`", "{{ '-- b' }}", "{% set x = '-- b' %}", "{# b"]
)
def test_what_stands_in_a_string_or_is_never_closed_is_none(template: str) -> None:
    assert comments(template) == []


def test_only_what_stands_above_all_code_heads_the_file() -> None:
    assert [each.heads for each in comments("-- a\n/* b */\nx -- c\n-- d")] == [
        *(True, True),
        *(False, False),
    ]


@settings(deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
def test_any_text_has_comments_within_it(template: str) -> None:
    lines = template.split("\n")
    for found in comments(template):
        assert template[found.start : found.end] == found.text
        assert found.line is None or found.code.strip()
        assert found.line is None or len(found.code) == len(lines[found.line - 1])


def test_in_a_snapshot_s_block_lines_count_in_the_file(tmp_path: Path) -> None:
    raw = "\n-- b\nselect 1\n"
    path = tmp_path / "snapshots/s.sql"
    path.parent.mkdir()
    path.write_text(f"-- two\n{{% snapshot s %}}{raw}{{% endsnapshot %}}", "utf-8")
    node = Node("snapshot.shop.s", "snapshot", "s", "shop", "snapshots/s.sql", raw_code=raw)
    ((comment, place),) = Locator(tmp_path).comments(node)
    assert (comment.line, place.line, place.exact) == (4, 3, True)
    ((comment, place),) = Locator(None).comments(node)
    assert (comment.line, place.line, place.exact) == (3, 2, False)
