"""Places for reports: lines and columns in templates, compiled files and YAML."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pii_lint.artifacts.locate import Locator
from pii_lint.artifacts.model import Exposure, Node
from pii_lint.findings import Location

RAW = "select\n    {{ f('email') }} as hash,\n    name\nfrom {{ ref('a') }}"
COMPILED = "select\n    md5(\n  email) as hash,\n    name\nfrom x.a"

NODE = Node(
    unique_id="model.shop.people",
    resource_type="model",
    name="people",
    package="shop",
    path="models/people.sql",
    patch_path="models/people.yml",
    raw_code=RAW,
    compiled_code=COMPILED,
    compiled_path="target/compiled/shop/models/people.sql",
)


def write(root: Path, name: str, text: str) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())


def span(node: Node, needle: str) -> tuple[int, int]:
    start = (node.compiled_code or "").index(needle)
    return start, start + len(needle)


def test_a_span_is_shown_in_the_template(tmp_path: Path) -> None:
    write(tmp_path, "models/people.sql", RAW)
    found = Locator(tmp_path).template_location(NODE, *span(NODE, "name"))
    assert found == Location("models/people.sql", 3, 5, 3, 9, exact=True, kind="template")


def test_what_a_macro_wrote_is_shown_at_its_call(tmp_path: Path) -> None:
    write(tmp_path, "models/people.sql", RAW)
    found = Locator(tmp_path).template_location(NODE, *span(NODE, "email"))
    assert found == Location("models/people.sql", 2, 5, 2, 21, exact=True, kind="template")


def test_blank_lines_that_dbt_strips_count_in_the_file(tmp_path: Path) -> None:
    write(tmp_path, "models/people.sql", f"\n\n  {RAW}\n\n")
    found = Locator(tmp_path).template_location(NODE, *span(NODE, "select"))
    assert (found.line, found.col, found.exact) == (3, 3, True)


def test_windows_line_ends_count_once(tmp_path: Path) -> None:
    text = f"\r\n{RAW}".replace("\n", "\r\n").replace("\r\r", "\r")
    write(tmp_path, "models/people.sql", text)
    node = replace(NODE, raw_code=text.strip())
    found = Locator(tmp_path).template_location(node, *span(node, "name"))
    assert (found.line, found.col, found.end_col, found.exact) == (4, 5, 9, True)


def test_without_the_projects_files_the_line_is_near_but_not_proven() -> None:
    found = Locator(None).template_location(NODE, *span(NODE, "name"))
    assert found == Location("models/people.sql", 3, 5, 3, 9, exact=False, kind="template")


def test_a_file_that_changed_proves_nothing(tmp_path: Path) -> None:
    write(tmp_path, "models/people.sql", "select 1")
    assert not Locator(tmp_path).template_location(NODE, *span(NODE, "name")).exact


UNSURE = replace(NODE, raw_code="{{ a }}{{ b }}\nfrom t", compiled_code="x, y\nfrom t")


def test_an_uncertain_span_is_shown_in_the_compiled_file(tmp_path: Path) -> None:
    write(tmp_path, "models/people.sql", UNSURE.raw_code or "")
    write(tmp_path, "target/compiled/shop/models/people.sql", UNSURE.compiled_code or "")
    found = Locator(tmp_path).template_location(UNSURE, 3, 4)
    assert found == Location(
        "target/compiled/shop/models/people.sql", 1, 4, 1, 5, exact=True, kind="compiled"
    )


@pytest.mark.parametrize("compiled", [None, "select 'of another day'"])
def test_a_compiled_file_that_says_something_else_is_not_shown(
    tmp_path: Path, compiled: str | None
) -> None:
    write(tmp_path, "models/people.sql", f"\n{UNSURE.raw_code}")
    if compiled:
        write(tmp_path, "target/compiled/shop/models/people.sql", compiled)
    found = Locator(tmp_path).template_location(UNSURE, 3, 4)
    assert (found.file, found.exact, found.kind) == ("models/people.sql", False, "template")


def test_without_a_span_the_file_is_shown() -> None:
    assert Locator(None).template_location(NODE) == Location("models/people.sql")


def test_a_model_without_sql_is_shown_by_its_file() -> None:
    bare = replace(NODE, compiled_code=None, raw_code=None)
    assert Locator(None).template_location(bare, 0, 5) == Location("models/people.sql")


def test_code_around_a_python_model_is_not_taken_for_its_template(tmp_path: Path) -> None:
    node = replace(NODE, path="models/people.py", language="python", compiled_path=None)
    write(tmp_path, "models/people.py", RAW)
    assert not Locator(tmp_path).template_location(node, 0, 6).exact


def test_a_snapshot_in_a_block_is_found_within_its_file(tmp_path: Path) -> None:
    raw = "\nselect email from t\n"
    node = replace(
        NODE, raw_code=raw, compiled_code="\nselect email from t", path="snapshots/s.sql"
    )
    write(tmp_path, "snapshots/s.sql", "-- two\n{% snapshot s %}" + raw + "{% endsnapshot %}")
    found = Locator(tmp_path).template_location(node, *span(node, "email"))
    assert (found.line, found.col, found.exact) == (3, 8, True)


def test_a_template_that_stands_twice_in_its_file_has_no_sure_place(tmp_path: Path) -> None:
    write(tmp_path, "models/people.sql", f"{RAW}\n{RAW}")
    assert not Locator(tmp_path).template_location(NODE, *span(NODE, "name")).exact


def test_a_snapshot_that_is_only_properties_is_shown_there(tmp_path: Path) -> None:
    node = replace(
        NODE,
        unique_id="snapshot.shop.people",
        resource_type="snapshot",
        path="snapshots/s.yml",
        patch_path="snapshots/s.yml",
        raw_code="select * from {{ ref('a') }}",
        compiled_code="select * from x.a",
        compiled_path=None,
    )
    write(tmp_path, "snapshots/s.yml", "snapshots:\n  - name: people\n    relation: ref('a')\n")
    found = Locator(tmp_path).template_location(node, 0, 6)
    assert found == Location("snapshots/s.yml", 2, 11, 2, 17, exact=True, kind="yaml")


@pytest.mark.parametrize("way", ["..", "a/../..", "{}"])
def test_no_path_leads_out_of_the_project(tmp_path: Path, way: str) -> None:
    write(tmp_path, "secret.sql", RAW)
    write(tmp_path, "secret.yml", "models:\n  - name: people\n")
    project = tmp_path / "shop"
    (project / "a").mkdir(parents=True)
    out = way.format(tmp_path)
    node = replace(NODE, path=f"{out}/secret.sql", patch_path=f"{out}/secret.yml")
    locator = Locator(project)
    assert not locator.template_location(node, *span(node, "name")).exact
    assert locator.yaml_location(node) == Location(f"{out}/secret.yml", kind="yaml")


# --- YAML

SOURCE = Node(
    unique_id="source.shop.my.crm.people",
    resource_type="source",
    name="people",
    package="shop",
    path="models/src.yml",
)
SOURCES = """\
# raw
sources:
  - name: other
    tables:
      - name: people
        columns: [{name: email}]
  - name: my.crm
    tables:
      - name: orders
      - name: "people"
        columns:
          - {name: id}
          - name: Email
            tags: [pii]
"""


def yaml_place(
    root: Path, text: str, thing: Node | Exposure, column: str | None = None
) -> Location:
    path = thing.path if isinstance(thing, Exposure) else thing.patch_path or thing.path
    write(root, path, text)
    found = Locator(root).yaml_location(thing, column)
    assert found is not None
    return found


def test_a_source_column_is_found_by_source_and_table(tmp_path: Path) -> None:
    found = yaml_place(tmp_path, SOURCES, SOURCE, "Email")
    assert found == Location("models/src.yml", 13, 19, 13, 24, exact=True, kind="yaml")


def test_a_source_table_is_found_by_its_name(tmp_path: Path) -> None:
    found = yaml_place(tmp_path, SOURCES, SOURCE)
    assert (found.line, found.col, found.exact) == (10, 15, True)


def test_a_columns_name_is_found_in_another_case_if_not_in_its_own(tmp_path: Path) -> None:
    text = "models:\n- name: people\n  columns:\n  - name: EMAIL\n  - name: email\n"
    assert yaml_place(tmp_path, text, NODE, "email").line == 5
    assert yaml_place(tmp_path, text.replace("email", "phone"), NODE, "email").line == 4


def test_a_versions_own_columns_come_before_the_models(tmp_path: Path) -> None:
    text = (
        "models:\n- name: people\n  columns: [{name: id}, {name: email}]\n"
        "  versions:\n  - v: 1\n  - v: 2\n    columns:\n    - include: all\n    - name: id\n"
    )
    node = replace(NODE, unique_id="model.shop.people.v2")
    assert yaml_place(tmp_path, text, node, "id").line == 9
    assert yaml_place(tmp_path, text, node, "email").line == 3


def test_anchors_and_merges_lead_to_where_the_text_stands(tmp_path: Path) -> None:
    text = (
        "x: &columns\n- name: email\nbase: &base {columns: *columns}\n"
        "models:\n- <<: *base\n  name: people\n"
    )
    assert yaml_place(tmp_path, text, NODE, "email").line == 2
    assert yaml_place(tmp_path, text, NODE).line == 6


def test_an_exposure_is_found_in_its_own_list(tmp_path: Path) -> None:
    feed = Exposure("exposure.shop.people", "people", "application", "models/people.yml", ())
    text = "models:\n- name: people\nexposures:\n- name: people\n  type: application\n"
    assert yaml_place(tmp_path, text, feed).line == 4
    assert yaml_place(tmp_path, text, NODE).line == 2


@pytest.mark.parametrize(
    "text",
    [
        "",
        "models: people",
        "models:\n- people\n- name: [people]\n- name: {people: 1}\n- {}",
        "models:\n- name: other\n",
        "models: [{name: people",
        "a: 1\n---\nmodels:\n- name: people\n",
        "\0",
        "[" * 100_000,
        "- " * 100_000,
        "models:\n- name: people\n  columns: email\n  versions: 1\n" + "a: *nowhere\n",
    ],
)
def test_yaml_without_the_name_gives_the_file_alone(tmp_path: Path, text: str) -> None:
    assert yaml_place(tmp_path, text, NODE, "email") == Location("models/people.yml", kind="yaml")


def test_a_relation_without_properties_has_no_place_in_yaml(tmp_path: Path) -> None:
    bare = replace(NODE, patch_path=None)
    assert Locator(tmp_path).yaml_location(bare) is None
    assert Locator(None).yaml_location(bare) is None


def test_without_the_projects_files_the_yaml_file_is_still_named() -> None:
    assert Locator(None).yaml_location(NODE, "email") == Location("models/people.yml", kind="yaml")
    assert Locator(None).yaml_location(SOURCE) == Location("models/src.yml", kind="yaml")
