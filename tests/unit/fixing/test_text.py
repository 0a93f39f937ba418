"""Edits of properties files: what is wanted gets in, every other byte stays, or it is refused."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from pii_lint.fixing.text import rewritten
from pii_lint.fixing.trees import Refused

EMAIL = {"tags": ["pii"], "meta": {"pii": True, "pii_type": "email"}}
GONE = {"tags": ["pii"], "meta": ["pii", "pii_type", "pii_form"]}


def put(text: str, *columns: str, node: bool = False) -> str:
    tree: dict[str, Any] = {"name": "people"}
    if node:
        tree["config"] = {"tags": ["pii"]}
    if columns:
        tree["columns"] = [{"name": name, "config": EMAIL} for name in columns]
    return rewritten(text, {"models": [tree]}, {})


def drop(text: str, *columns: str) -> str:
    entries = [{"name": name, **GONE, "config": GONE} for name in columns]
    return rewritten(text, {}, {"models": [{"name": "people", "columns": entries}]})


BLOCK = """\
version: 2

# people of all sorts
models:
  - name: people   # not "persons"
    description: 'Who they are'
    columns:
      - name: id
        data_tests: [not_null]

      - name: "email"  # the address
        description: >
          Where they
          read.
        data_tests:
          - unique
      # the end

unit_tests: []
"""


def test_a_column_gets_its_config_and_every_comment_stays() -> None:
    after = put(BLOCK, "email")
    lines = "        config:\n          tags: [pii]\n          meta: {pii: true, pii_type: email}\n"
    assert after == BLOCK.replace("read.\n", f"read.\n{lines}")


def test_what_stands_there_already_is_not_written_again() -> None:
    once = put(BLOCK, "email", node=True)
    assert put(once, "email", node=True) == once


def test_a_column_that_is_not_listed_comes_last() -> None:
    after = put(BLOCK, "phone")
    assert after.index("- unique\n") < after.index("- name: phone\n") < after.index("# the end")
    assert "      - name: phone\n        config:\n          tags: [pii]\n" in after


def test_a_column_is_found_in_whatever_case() -> None:
    after = put(BLOCK.replace('"email"', "EMAIL"), "email")
    assert len(yaml.safe_load(after)["models"][0]["columns"]) == 2


@pytest.mark.parametrize(
    "text",
    [
        "models:\n  - name: people\n",
        "models:\n- name: people\n  description: x\n",
        "models:\n  - name: people",
        "models:\n  - name: people\n    columns:\n",
        "models:\n  - name: people\n    columns: []\n",
        "models:\n  - name: people\n    config:\n    columns:\n",
        "models:\n  - {name: people}\n",
        "models: [{name: people, columns: [{name: id}, ]}]\n",
        "models: [{name: people, columns: [{name: email, tags: [], config: {tags: []}}]}]",
        "models:\n  - name: people\n    config: {tags: daily}\n",
        "models:\n  - name: people\n    config:\n      tags:\n        - daily  # at night\n",
        "models:\n  - name: people\n    config:\n      tags: daily # at night\n"
        "      x: |\n        y\n",
        "models:\n  - columns:\n      - name: email\n        config:\n          meta:\n"
        "            owner: me\n    name: people\n",
        "models:\n  - name: people\n    columns: [\n      {name: id},  # one\n"
        "      {name: email}\n    ]\n",
        "models:\n  - name: people\n    columns:\n      - {name: id}\n\n# end\n",
        "models:\n  - name: people\n    columns:\n      - name: email\n        config:\n"
        "          meta: {pii_type: phone, owner: 'me'}\n",
        "models:\n  - name: others\n\n  - name: people\n    data_tests: &all [x]\n  - name: z\n"
        "    data_tests: *all\n",
        "models:\n  - name: people\n    data_tests: *all\n".replace(
            "models", "x: &all [y]\nmodels", 1
        ),
        "seeds: []\n",
        "\ufeffmodels:\n  - name: people\n",
        "",
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_every_way_to_write_it_holds_what_was_wanted(text: str, newline: str) -> None:
    text = text.replace("\n", newline)
    before = yaml.safe_load(text.removeprefix("\ufeff")) or {}
    after = put(text, "email", node=True)
    data = yaml.safe_load(after.removeprefix("\ufeff"))
    people = next(model for model in data["models"] if model["name"] == "people")
    assert "pii" in people["config"]["tags"]
    email = next(column for column in people["columns"] if column["name"] == "email")
    assert email["config"]["tags"] == ["pii"]
    assert email["config"]["meta"].items() >= {"pii": True, "pii_type": "email"}.items()
    # whatever else was said is still said, and no line changed its end
    assert data.keys() >= before.keys()
    assert text.startswith("\ufeff") == after.startswith("\ufeff")
    if "\r\n" in text:
        assert after.count("\n") == after.count("\r\n")
    assert put(after, "email", node=True) == after


def test_a_new_file_is_written_in_the_usual_way() -> None:
    assert put("", "email", node=True) == (
        "version: 2\n\n"
        "models:\n"
        "  - name: people\n"
        "    config:\n"
        "      tags: [pii]\n"
        "    columns:\n"
        "      - name: email\n"
        "        config:\n"
        "          tags: [pii]\n"
        "          meta: {pii: true, pii_type: email}\n"
    )


@pytest.mark.parametrize("name", ["yes", "1", "a: b", "e mail", "é", "#x", '"', "null", "-"])
def test_a_name_that_means_something_in_yaml_stays_a_name(name: str) -> None:
    after = put("models:\n  - name: people\n", name)
    assert yaml.safe_load(after)["models"][0]["columns"][0]["name"] == name


@pytest.mark.parametrize(
    ("config", "left"),
    [
        ("        config: {tags: [pii], meta: {pii: true, pii_type: x}}\n", ""),
        ("        tags: pii\n        meta:\n          pii: true\n          pii_type: x\n", ""),
        ("        tags:\n          - pii\n", ""),
        ("        tags:\n          - pii\n          - b\n", "        tags:\n          - b\n"),
        ("        tags: [a, pii, b]\n", "        tags: [a, b]\n"),
        ("        tags: [pii, b]\n", "        tags: [b]\n"),
        (
            "        meta: {pii: true, pii_type: x, owner: me}\n",
            "        meta: {owner: me}\n",
        ),
        (
            "        config:\n          tags: [pii]\n          meta: {owner: me, pii: true}\n",
            "        config:\n          meta: {owner: me}\n",
        ),
    ],
)
def test_a_stale_tag_goes_with_what_belongs_to_it(config: str, left: str) -> None:
    text = "models:\n  - name: people\n    columns:\n      - name: x\n{}      - name: y\n"
    assert drop(text.format(config), "x") == text.format(left)
    # the column may be the last thing in a file that ends without a line end
    cut = "models:\n  - name: people\n    columns:\n      - name: x\n"
    assert drop((cut + config).rstrip("\n"), "x").rstrip("\n") == (cut + left).rstrip("\n")


LAUGHS = "a: &a [x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("models:\n\t- name: people\n", "isn't YAML"),
        ("models: [\n", "isn't YAML"),
        ("a: 1\n---\nb: 2\n", "isn't YAML"),
        ("models:\r  - name: people\r", "line ends"),
        ("- models\n", "something else"),
        ("models: people\n", "something else"),
        ("x: &c {name: people, columns: [{name: id}]}\nmodels: [*c]\n", "anchors"),
        ("x: &c {config: {tags: [a]}}\nmodels:\n  - <<: *c\n    name: people\n", "anchors"),
        ("x: &c [{name: id}]\nmodels:\n  - name: people\n    columns: *c\n", "anchors"),
        (LAUGHS, "multiply"),
        ("x: &x [*x]\nmodels:\n  - name: people\n", "deep"),
    ],
)
def test_what_can_not_be_edited_without_loss_is_refused(text: str, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        put(text, "email", node=True)


def test_a_comment_beside_a_stale_tag_is_not_thrown_away() -> None:
    text = "models:\n  - name: people\n    columns:\n      - name: x\n        tags: [pii]  # why\n"
    # the comment stands behind the value on its line, so it would go with it
    with pytest.raises(Refused, match="comment"):
        drop(text, "x")
