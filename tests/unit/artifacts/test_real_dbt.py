"""What the real dbt writes, read back: a project that uses whatever a manifest can hold."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import pytest

from pii_lint.artifacts.catalog import with_catalog
from pii_lint.artifacts.freshness import check_freshness
from pii_lint.artifacts.locate import Locator
from pii_lint.artifacts.manifest import load_manifest
from pii_lint.artifacts.model import Node, Project
from pii_lint.artifacts.project_dir import find_project_dir
from pii_lint.errors import ArtifactError

pytestmark = pytest.mark.slow


class Shop(Protocol):
    @property
    def root(self) -> Path: ...
    @property
    def manifest(self) -> Path: ...
    @property
    def catalog(self) -> Path: ...
    def dbt(self, *command: str) -> None: ...


@pytest.fixture(scope="module")
def project(built: Shop) -> Project:
    return load_manifest(built.manifest)


def test_each_kind_of_node_is_there_and_nothing_else(project: Project) -> None:
    kinds: dict[str, set[str]] = {}
    for node in project.nodes.values():
        kinds.setdefault(node.resource_type, set()).add(node.name)
    assert kinds == {
        "source": {"people", "logs"},
        "seed": {"raw_people", "countries", "large"},
        "snapshot": {"people_history", "people_yaml_history"},
        "operation": {"shop-on-run-start-0", "shop-on-run-end-0"},
        "function": {"mask_email"},
        "model": {
            "addon_numbers", "days", "dim_people", "eph_countries", "eph_people", "fct_incremental",
            "fct_microbatch", "loops", "people_countries", "py_people", "stg_people", "versioned",
        },
    }  # fmt: skip


def test_every_query_has_its_sql_also_the_microbatch_model(project: Project) -> None:
    for node in project.nodes.values():
        has_sql = node.resource_type not in ("source", "seed")
        assert (node.compiled_code is not None) == has_sql, node.unique_id
    microbatch = project.nodes["model.shop.fct_microbatch"]
    assert '"stg_people"' in (microbatch.compiled_code or "")


def test_tags_and_meta_stand_where_they_were_declared(project: Project) -> None:
    people = project.nodes["source.shop.crm.people"]
    assert people.tags == {"crm_source", "vendor", "pii"}
    assert people.meta == {"system": "crm", "steward": "dpo", "contains_pii": True}
    assert people.columns["email"].tags == {"pii"}
    assert people.columns["full_name"].meta == {"pii": True, "pii_type": "name"}
    assert people.columns["Odd Name"].quote
    staged = project.nodes["model.shop.stg_people"]
    assert staged.tags == {"layer_staging", "inline_tag", "yaml_tag"}
    assert staged.meta == {"data_classification": "confidential", "inline": True}
    assert staged.persist_docs
    assert staged.columns["email"].meta == {"pii_type": "email"}
    assert project.nodes["snapshot.shop.people_yaml_history"].columns["email"].tags == {"pii"}
    assert "email" not in project.nodes["model.shop.versioned.v2"].columns


def test_keys_come_from_tests_constraints_and_foreign_keys(project: Project) -> None:
    unique = {
        f"{node.name}.{column.name}"
        for node in project.nodes.values()
        for column in node.columns.values()
        if column.unique
    }
    assert unique == {
        "people.id", "countries.id", "stg_people.person_id", "dim_people.person_id",
        "dim_people.shouted", "addon_numbers.number",
    }  # fmt: skip
    country = (("seed.shop.countries", "id"),)
    assert project.nodes["source.shop.crm.people"].columns["country_id"].references == country
    assert project.nodes["model.shop.stg_people"].columns["country_id"].references == country
    to_people = project.nodes["model.shop.fct_incremental"].columns["person_id"].references
    assert to_people == (("model.shop.dim_people", "person_id"),)


def test_only_an_enforced_contract_is_complete(project: Project) -> None:
    complete = [node.name for node in project.nodes.values() if node.columns_complete]
    assert complete == ["dim_people"]


def test_hooks_keys_and_schema_changes_are_kept(project: Project) -> None:
    model = project.nodes["model.shop.fct_incremental"]
    assert model.post_hooks[0].startswith("create or replace view {{ this.schema }}")
    assert (model.unique_key, model.on_schema_change) == (("person_id",), "append_new_columns")
    assert model.access == "public"
    history = project.nodes["snapshot.shop.people_yaml_history"]
    assert history.unique_key == ("person_id", "country_id")


def test_metrics_and_saved_queries_stand_on_the_model_below_them(project: Project) -> None:
    below = {use.type: use.depends_on for use in project.exposures.values()}
    incremental = ("model.shop.fct_incremental",)
    assert below == {
        "dashboard": ("model.shop.dim_people",),
        "application": (*incremental, "source.shop.crm.people"),
        "metric": incremental,
        "semantic_model": incremental,
        "saved_query": incremental,
    }


# --- places


def find(node: Node, needle: str) -> tuple[int, int]:
    start = (node.compiled_code or "").rindex(needle)
    return start, start + len(needle)


def test_all_compiled_sql_leads_back_to_its_template(project: Project, built: Shop) -> None:
    """But for what dbt injects, which stands in no template, and properties without one."""
    locator = Locator(built.root)
    for node in project.nodes.values():
        if (
            node.compiled_code is None
            or node.language != "sql"
            or node.path.endswith("snapshots.yml")
        ):
            continue
        injected = ", ".join(node.injected_ctes)
        own = node.compiled_code[node.compiled_code.rindex(injected) + len(injected) :]
        first = len(node.compiled_code) - len(own) + (2 if injected else 0)
        for at in range(first, len(node.compiled_code)):
            if not node.compiled_code[at].isspace():
                found = locator.template_location(node, at, at + 1)
                assert (found.kind, found.exact, found.file) == ("template", True, node.path), at


@pytest.mark.parametrize(
    ("unique_id", "needle", "expected"),
    [
        ("model.shop.stg_people", "upper(email)", "{{ shout('email') }}"),
        ("model.shop.stg_people", "signed_up_month", "signed_up_{{ part }}"),
        ("model.shop.dim_people", "md5(email)", "md5(email)"),
        ("model.shop.people_countries", "people.email", "people.email"),
        ("model.shop.loops", "full_name_mask", "{{ kind }}_mask"),
        ("model.shop.loops", "name_outside_production", "name_outside_production"),
        ("snapshot.shop.people_history", "email", "email"),
        ("function.shop.mask_email", "left(address, 2)", "left(address, 2)"),
        ("operation.shop.shop-on-run-end-0", "select email", "{{ log_people() }}"),
    ],
)
def test_a_span_is_shown_where_the_file_holds_its_text(
    project: Project, built: Shop, unique_id: str, needle: str, expected: str
) -> None:
    node = project.nodes[unique_id]
    found = Locator(built.root).template_location(node, *find(node, needle))
    line = (built.root / found.file).read_text().split("\n")[found.line - 1]
    assert line[found.col - 1 : found.end_col - 1] == expected
    assert found.line == found.end_line


def test_what_an_ephemeral_model_brought_is_shown_in_the_compiled_file(
    project: Project, built: Shop
) -> None:
    node = project.nodes["model.shop.dim_people"]
    at = (node.compiled_code or "").index("person_id, email, country_id")
    found = Locator(built.root).template_location(node, at, at + 9)
    assert (found.kind, found.exact) == ("compiled", True)
    line = (built.root / found.file).read_text().split("\n")[found.line - 1]
    assert line[found.col - 1 : found.end_col - 1] == "person_id"


@pytest.mark.parametrize(
    ("unique_id", "column", "text"),
    [
        ("source.shop.crm.people", "email", "- name: email"),
        ("source.shop.crm.people", None, "- name: people"),
        ("source.shop.crm.people", "Odd Name", '- {name: "Odd Name", quote: true'),
        ("model.shop.stg_people", "email", "- name: email"),
        ("model.shop.versioned.v2", "added", "- name: added"),
        ("seed.shop.countries", "name", "- name: name"),
        ("snapshot.shop.people_yaml_history", "email", "- name: email"),
        ("function.shop.mask_email", None, "- name: mask_email"),
        ("model.addon.addon_numbers", "number", "- name: number"),
        ("exposure.shop.vendor_export", None, "- name: vendor_export"),
        ("metric.shop.people_count", None, "- name: people_count"),
    ],
)
def test_yaml_places_lead_to_the_line_of_the_name(
    project: Project, built: Shop, unique_id: str, column: str | None, text: str
) -> None:
    thing = project.nodes.get(unique_id) or project.exposures[unique_id]
    found = Locator(built.root).yaml_location(thing, column)
    assert found is not None
    assert found.exact
    line = (built.root / found.file).read_text().split("\n")[found.line - 1]
    assert line.strip().startswith(text)


# --- freshness


def state(shop: Shop) -> tuple[str, tuple[str, ...]]:
    manifest = load_manifest(shop.manifest)
    found = check_freshness(manifest, find_project_dir(shop.manifest))
    return found.state, found.files


def test_a_manifest_just_built_is_fresh_also_with_a_large_seed(
    built: Shop, project: Project
) -> None:
    assert state(built) == ("fresh", ())
    assert project.nodes["seed.shop.large"].checksum is None
    assert project.nodes["seed.shop.countries"].checksum


@pytest.mark.parametrize(
    "path",
    [
        "models/staging/stg_people.sql",
        "models/marts/py_people.py",
        "snapshots/people_history.sql",
        "seeds/countries.csv",
        "functions/mask_email.sql",
        "macros/both.sql",
    ],
)
def test_an_edit_to_any_file_that_dbt_hashes_is_noticed(shop: Shop, path: str) -> None:
    file = shop.root / path
    text = file.read_text()
    file.write_text(text.replace("email", "mail").replace("Italy", "Norway").replace("(", "( "))
    assert state(shop) == ("stale", (path,))
    file.write_text(f"\n{text}\n")
    assert state(shop) == ("fresh", ())


def test_empty_model_files_are_known_to_dbt_or_they_would_be_new_for_ever(shop: Shop) -> None:
    (shop.root / "models" / "empty.sql").write_text("\n")
    shop.dbt("parse")
    shop.dbt("compile")
    assert state(shop) == ("fresh", ())


# --- what other commands leave behind


@pytest.mark.parametrize("command", [["ls"], ["parse"], ["test", "--select", "stg_people"]])
def test_a_manifest_without_sql_is_refused_though_old_sql_lies_beside_it(
    shop: Shop, command: list[str]
) -> None:
    shop.dbt(*command)
    assert (shop.root / "target" / "compiled").is_dir()
    with pytest.raises(ArtifactError, match="lacks the compiled SQL of .* run `dbt compile`"):
        load_manifest(shop.manifest)


def test_compile_is_enough(shop: Shop) -> None:
    shop.dbt("parse")
    shop.dbt("compile")
    compiled = load_manifest(shop.manifest)
    assert all(
        node.compiled_code is not None
        for node in compiled.nodes.values()
        if node.resource_type in ("model", "snapshot")
    )


def test_the_target_given_on_the_command_line_is_known(shop: Shop) -> None:
    shop.dbt("compile", "--target", "dev")
    assert load_manifest(shop.manifest).target == "dev"


def test_the_catalogue_counts_until_the_next_compile(shop: Shop) -> None:
    shop.dbt("docs", "generate")
    documented = with_catalog(load_manifest(shop.manifest), shop.catalog)
    names = [column.name for column in documented.catalog["model.shop.fct_incremental"]]
    assert names == ["person_id", "email", "signed_up_at"]
    assert "source.shop.crm.people" in documented.catalog
    shop.dbt("compile")
    later = with_catalog(load_manifest(shop.manifest), shop.catalog)
    assert later.catalog == {}
    assert later.catalog_outdated == documented.catalog
