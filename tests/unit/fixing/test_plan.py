"""What `fix` writes and what it leaves to people, on projects of a few lines."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from pii_lint.fixing import Fix, fix
from pii_lint.reports import patch
from pii_lint.rules import Facts

Files = Mapping[str, str]
FactsOf = Callable[[Files], Facts]
Fixed = Callable[..., Fix]

CUSTOMERS = "{{ source('raw', 'customers') }}"
RESTRICTED = "models/marts/restricted/mart_contact"
SAFE = "models/marts/safe/fct_reach"
STAGING = "models/staging/stg_customers"
ENTRY = "models:\n  - name: {}\n"


@pytest.fixture
def fixed(facts_of: FactsOf, tmp_path: Path) -> Fixed:
    """What would be written into a project of these files."""

    def run(
        files: Files, *, sources: bool = False, change: Callable[[Facts], Facts] | None = None
    ) -> Fix:
        facts = facts_of(files)
        home = tmp_path / "shop"
        for path, text in files.items():
            (home / path).parent.mkdir(parents=True, exist_ok=True)
            (home / path).write_bytes(text.encode())
        facts = change(facts) if change else facts
        return fix(facts, home, facts.nodes.values(), sources=sources)

    return run


def with_node(uid: str, **fields: object) -> Callable[[Facts], Facts]:
    def change(facts: Facts) -> Facts:
        (project,) = facts.projects
        nodes = {**project.nodes, uid: replace(project.nodes[uid], **fields)}
        return replace(facts, projects=(replace(project, nodes=nodes),))

    return change


def columns(found: Fix, path: str) -> dict[str, dict[str, object]]:
    """What the file says of each column from now on."""
    (change,) = (change for change in found.changes if change.path == path)
    (model,) = yaml.safe_load(change.after)["models"]
    return {column["name"]: column.get("config", {}) for column in model.get("columns", ())}


def test_each_form_is_written_so_that_no_digest_becomes_an_address(fixed: Fixed) -> None:
    sql = (
        f"select customer_id, email, left(phone, 3) as prefix, md5(email) as weak, "
        f"{{{{ hash_pii('email') }}}} as hash, count(*) over () as n from {CUSTOMERS}"
    )
    found = fixed({f"{RESTRICTED}.sql": sql, f"{RESTRICTED}.yml": ENTRY.format("mart_contact")})
    meta = {name: config["meta"] for name, config in columns(found, f"{RESTRICTED}.yml").items()}
    assert meta == {
        "email": {"pii": True, "pii_type": "email"},
        "prefix": {"pii": True, "pii_type": "phone", "pii_form": "partial"},
        "weak": {"pii": True, "pii_type": "email", "pii_form": "weak"},
    }
    (change,) = found.changes
    assert yaml.safe_load(change.after)["models"][0]["config"] == {"tags": ["pii"]}
    assert found.left == ()


def test_of_several_kinds_the_worst_form_and_the_greatest_harm_are_named(fixed: Fixed) -> None:
    sql = f"select email || phone || md5(full_name) as note from {CUSTOMERS}"
    found = fixed({f"{RESTRICTED}.sql": sql, f"{RESTRICTED}.yml": ENTRY.format("mart_contact")})
    meta = columns(found, f"{RESTRICTED}.yml")["note"]["meta"]
    assert meta == {"pii": True, "pii_type": "email"}


@pytest.mark.parametrize("expression", ["email", "left(email, 3)", "md5(email)"])
def test_a_leak_in_a_safe_mart_gets_no_tag(fixed: Fixed, expression: str) -> None:
    sql = f"select customer_id, {expression} as x from {CUSTOMERS}"
    found = fixed({f"{SAFE}.sql": sql, f"{SAFE}.yml": ENTRY.format("fct_reach")})
    assert found.changes == ()
    assert "1 column holds" in found.left[0]


def test_a_false_form_in_a_safe_mart_is_not_made_true(fixed: Fixed) -> None:
    sql = f"select customer_id, email as x from {CUSTOMERS}"
    declared = "{name: x, tags: [pii], meta: {pii_type: email, pii_form: pseudonym}}"
    yml = f"models: [{{name: fct_reach, columns: [{declared}]}}]"
    assert fixed({f"{SAFE}.sql": sql, f"{SAFE}.yml": yml}).changes == ()


def test_a_false_form_and_a_false_kind_are_corrected_where_they_may_stand(fixed: Fixed) -> None:
    sql = f"select md5(email) as a, phone as b from {CUSTOMERS}"
    yml = (
        "models:\n  - name: mart_contact\n    columns:\n"
        "      - {name: a, tags: [pii], meta: {pii_type: email, pii_form: pseudonym}}  # md5\n"
        "      - {name: b, tags: [pii], meta: {pii: true, pii_type: name}}\n"
    )
    found = fixed({f"{RESTRICTED}.sql": sql, f"{RESTRICTED}.yml": yml})
    (change,) = found.changes
    assert "meta: {pii_type: email, pii_form: weak}}  # md5\n" in change.after
    assert "{name: b, tags: [pii], meta: {pii: true, pii_type: phone}}\n" in change.after


def test_a_stale_tag_goes_and_the_column_stays(fixed: Fixed) -> None:
    sql = f"select country, count(*) as customers from {CUSTOMERS} group by country"
    yml = "models:\n  - name: mart_contact\n    columns:\n      - name: customers\n{}"
    tag = "        tags: [pii]\n        meta: {pii: true, pii_type: name}\n"
    found = fixed({f"{RESTRICTED}.sql": sql, f"{RESTRICTED}.yml": yml.format(tag)})
    assert found.changes[0].after == yml.format("")


def test_a_stale_node_tag_that_stands_in_sql_is_left_to_people(fixed: Fixed) -> None:
    sql = f"{{{{ config(tags=['pii']) }}}} select country from {CUSTOMERS}"
    found = fixed({f"{RESTRICTED}.sql": sql, f"{RESTRICTED}.yml": ENTRY.format("mart_contact")})
    assert found.changes == ()
    assert "which `fix` never touches" in found.left[0]


def test_who_denies_personal_data_is_asked_and_not_overruled(fixed: Fixed) -> None:
    yml = "models: [{name: mart_contact, columns: [{name: email, meta: {pii: false}}]}]"
    sql = f"{{{{ config(tags=['pii']) }}}} select email from {CUSTOMERS}"
    found = fixed({f"{RESTRICTED}.sql": sql, f"{RESTRICTED}.yml": yml})
    assert found.changes == ()
    assert "a person's decision" in found.left[0]


def test_a_zone_made_of_the_tag_is_not_entered_by_a_fix(fixed: Fixed) -> None:
    files = {
        f"{RESTRICTED}.sql": f"select email from {CUSTOMERS}",
        f"{RESTRICTED}.yml": ENTRY.format("mart_contact"),
    }
    policy = "version: 1\nzones: {restricted: {tags: [pii], paths: [models/marts/restricted]}}\n"
    found = fixed({**files, "pii_lint.yml": policy})
    assert yaml.safe_load(found.changes[0].after)["models"][0].keys() == {"name", "columns"}
    assert "the policy makes a zone of it" in found.left[0]


def test_sources_get_guesses_only_when_asked(fixed: Fixed) -> None:
    crm = (
        "sources:\n  - name: crm\n    tables:\n      - name: leads\n        columns:\n"
        "          - name: email_address\n          - name: lead_id\n"
    )
    files = {"models/raw/sources.yml": crm}
    assert fixed(files).changes == ()
    (change,) = fixed(files, sources=True).changes
    (table,) = yaml.safe_load(change.after)["sources"][0]["tables"]
    assert table["config"] == {"tags": ["pii"]}
    address, lead = table["columns"]
    assert address["config"]["meta"] == {"pii": True, "pii_type": "email"}
    assert lead == {"name": "lead_id"}


def test_versions_are_refused_and_the_rest_of_the_file_is_done(fixed: Fixed) -> None:
    yml = (
        "models:\n  - name: mart_contact\n    versions: [{v: 1}]\n"
        "  - <<: &c {name: mart_a}\n  - name: mart_b\n"
    )
    files = {
        f"models/marts/restricted/{name}.sql": f"select email from {CUSTOMERS}"
        for name in ("mart_contact", "mart_a", "mart_b")
    }
    names = {f"model.shop.{name}" for name in ("mart_contact", "mart_a", "mart_b")}

    def one_file(facts: Facts) -> Facts:
        for name in names:
            facts = with_node(name, patch_path=f"{RESTRICTED}.yml")(facts)
        return facts

    found = fixed({**files, f"{RESTRICTED}.yml": yml}, change=one_file)
    (change,) = found.changes
    assert change.after.startswith(yml)
    data = yaml.safe_load(change.after)["models"]
    assert [model["name"] for model in data if "columns" in model] == ["mart_b"]
    assert sorted(sentence.partition("isn't edited, for ")[2][:12] for sentence in found.left) == [
        "anchors or u",
        "it has versi",
    ]
    assert all("`email`: pii: true, pii_type: email" in sentence for sentence in found.left)


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        ({}, "models/marts/restricted/_restricted__models.yml"),
        ({"fct_other": "models/marts/safe/fct_other.yml"}, f"{RESTRICTED}.yml"),
        ({"mart_b": "models/marts/restricted/all.yml"}, "models/marts/restricted/all.yml"),
        ({"fct_other": "models/all.yml"}, "models/marts/restricted/_restricted__models.yml"),
    ],
)
def test_a_new_file_stands_where_the_project_has_others(
    fixed: Fixed, others: dict[str, str], expected: str
) -> None:
    folders = {"fct_other": "models/marts/safe", "mart_b": "models/marts/restricted"}
    files = {f"{folders[name]}/{name}.sql": "select 1 as one" for name in others}
    files |= {path: ENTRY.format(name) for name, path in others.items()}

    def change(facts: Facts) -> Facts:
        facts = with_node("model.shop.mart_contact", patch_path=None)(facts)
        for name, path in others.items():
            facts = with_node(f"model.shop.{name}", patch_path=path)(facts)
        return facts

    found = fixed({**files, f"{RESTRICTED}.sql": f"select email from {CUSTOMERS}"}, change=change)
    assert [change.path for change in found.changes] == [expected]
    data = yaml.safe_load(found.changes[0].after)
    assert data["models"][-1]["name"] == "mart_contact"


def test_a_file_outside_of_the_project_is_not_touched(fixed: Fixed, tmp_path: Path) -> None:
    outside = tmp_path / "outside.yml"
    outside.write_text(ENTRY.format("mart_contact"), "utf-8")
    home = tmp_path / "shop/models/marts/restricted"
    home.mkdir(parents=True)
    (home / "linked.yml").symlink_to(outside)
    for path in ("../outside.yml", "models/marts/restricted/linked.yml"):
        found = fixed(
            {f"{RESTRICTED}.sql": f"select email from {CUSTOMERS}"},
            change=with_node("model.shop.mart_contact", patch_path=path),
        )
        assert found.changes == ()
        assert "outside of the project" in found.left[0]


def test_a_package_of_others_is_not_edited(fixed: Fixed) -> None:
    found = fixed(
        {f"{RESTRICTED}.sql": f"select email from {CUSTOMERS}"},
        change=with_node("model.shop.mart_contact", package="theirs"),
    )
    assert found.changes == ()


def test_an_older_dbt_reads_tags_of_columns_outside_of_config(fixed: Fixed) -> None:
    def older(facts: Facts) -> Facts:
        return replace(facts, projects=(replace(facts.projects[0], dbt_version="1.8.3"),))

    files = {
        f"{RESTRICTED}.sql": f"select email from {CUSTOMERS}",
        f"{RESTRICTED}.yml": ENTRY.format("mart_contact"),
    }
    (change,) = fixed(files, change=older).changes
    (model,) = yaml.safe_load(change.after)["models"]
    meta = {"pii": True, "pii_type": "email"}
    assert model["columns"] == [{"name": "email", "tags": ["pii"], "meta": meta}]


def test_a_star_in_staging_is_told_with_the_columns_to_paste(fixed: Fixed) -> None:
    found = fixed({f"{STAGING}.sql": f"select * from {CUSTOMERS}"})
    (paste,) = found.pastes
    names = ["customer_id", "email", "phone", "full_name", "income", "country"]
    assert list(paste.columns) == names
    assert "    email,\n    phone,\n" in patch.told(found, written=False)
    named = fixed({f"{STAGING}.sql": f"select customer_id from {CUSTOMERS}"})
    assert named.pastes == ()


def test_the_diff_is_one_that_git_takes(fixed: Fixed, tmp_path: Path) -> None:
    import subprocess

    files = {
        f"{RESTRICTED}.sql": f"select email from {CUSTOMERS}",
        f"{RESTRICTED}.yml": "models:\r\n  - name: mart_contact",
        "models/marts/restricted/mart_new.sql": f"select phone from {CUSTOMERS}",
    }
    found = fixed(files)
    text = patch.patch(found)
    home = tmp_path / "shop"
    subprocess.run(["git", "apply", "-"], cwd=home, input=text.encode(), check=True)
    assert len(found.changes) == 2
    for change in found.changes:
        assert change.place.read_bytes() == change.after.encode()
