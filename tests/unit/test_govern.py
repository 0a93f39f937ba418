"""`pii-lint govern ddl`: what the warehouse should enforce, as SQL."""

from __future__ import annotations

import json
import os
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from jinja2 import Environment
from sqlglot.dialects.dialect import Dialect

from pii_lint.cli import main
from pii_lint.errors import ConfigError
from pii_lint.governance.changes import changes
from pii_lint.governance.dialects import DIALECTS
from pii_lint.governance.macro import macro
from pii_lint.governed import Access, GovernedColumn
from pii_lint.options import Options
from pii_lint.pipeline.access import access
from tests.governed_shop import POLICY, shop
from tests.unit.test_formats import SNAPSHOTS

DIALECT = pytest.mark.parametrize("dialect", sorted(DIALECTS))


def of(folder: Path, *builders: str) -> Access:
    return access(Options(project_dir=folder), builders)


def builder(dialect: str) -> str:
    return "user:dbt@example.com" if dialect == "bigquery" else "transformer"


@DIALECT
@pytest.mark.parametrize("part", ["ddl", "log"])
def test_the_whole_output_is_as_it_was_agreed(tmp_path: Path, dialect: str, part: str) -> None:
    found = of(shop(tmp_path, adapter=dialect), builder(dialect))
    engine = DIALECTS[dialect]
    told = engine.ddl(found) if part == "ddl" else engine.access_log(found)
    path = SNAPSHOTS / f"govern.{dialect}.{part}"
    if os.environ.get("WRITE_SNAPSHOTS"):
        path.write_text(told, "utf-8")
    assert told == path.read_text("utf-8")


@DIALECT
def test_every_object_that_is_named_is_in_the_inventory(tmp_path: Path, dialect: str) -> None:
    found = of(shop(tmp_path, adapter=dialect), builder(dialect))
    known = {
        *(name for one in found.relations for name in (one.database, one.schema, one.name)),
        *(column.name for one in found.relations for column in one.columns),
        *found.roles,
        *found.builders,
        "public",
    }
    _, _, told = (SNAPSHOTS / f"govern.{dialect}.ddl").read_text("utf-8").partition("\n")
    mark = DIALECTS[dialect].names.mark
    named = set(re.findall(f"{mark}([^{mark}\n]+){mark}", told))
    assert {"CUSTOMERS", "EMAIL"} <= {name.upper() for name in named}
    lower = {name.lower() for name in known if name} | DIALECTS[dialect].own
    # a data policy stands in a project and a region
    tails = {name.removeprefix("shop.region-us.") for name in named}
    strangers = {name for name in tails if name.lower() not in lower}
    assert strangers == set()


@DIALECT
def test_every_personal_column_is_classified_and_no_other(tmp_path: Path, dialect: str) -> None:
    found = of(shop(tmp_path, adapter=dialect))
    personal = {
        (one.name, column.name): column.classification
        for one in found.relations
        for column in one.columns
        if column.classification
    }
    assert personal == {
        ("customers", "email"): "confidential",
        ("customers", "born_on"): "confidential",
        ("customers", "ssn"): "restricted",
        ("stg_customers", "email"): "confidential",
        ("stg_customers", "born_on"): "confidential",
        ("mart_contact", "email"): "confidential",
        ("mart_contact", "born_on"): "confidential",
        ("mart_contact", "ssn"): "restricted",
    }


HOSTILE = [
    "a'b",
    'a"b',
    "'; drop table raw.customers; --",
    "/* */ */ ; -- ",
    "größe 電話",
    "back\\slash\\",
    "\\'; drop table x; --",
    "{{ 1 }}{% if %}{# #}",
    "%s%(x)s $1 :x",
]


def shape(dialect: str, sql: str) -> list[str]:
    """What a reader of the dialect takes for words, names, texts and marks."""
    return [
        "NAME" if token.token_type.name in ("VAR", "IDENTIFIER") else token.token_type.name
        for token in Dialect.get_or_raise(dialect).tokenize(sql)
    ]


@DIALECT
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_column_stays_one_name(tmp_path: Path, dialect: str, name: str) -> None:
    found = of(shop(tmp_path, adapter=dialect), builder(dialect))
    engine = DIALECTS[dialect]

    def called(name: str) -> Access:
        return replace(
            found,
            relations=tuple(
                replace(one, columns=tuple(replace(c, name=name + c.name) for c in one.columns))
                for one in found.relations
            ),
        )

    if set(name) & set(engine.names.banned):
        with pytest.raises(ConfigError, match="can't stand in this engine's SQL"):
            engine.ddl(called(name))
        return
    for part in (engine.ddl, engine.access_log):
        assert shape(dialect, part(called(name))) == shape(dialect, part(called("x_")))


@DIALECT
def test_the_macro_gives_each_model_what_its_relation_gets(tmp_path: Path, dialect: str) -> None:
    found = of(shop(tmp_path, adapter=dialect), builder(dialect))
    engine = DIALECTS[dialect]
    template = Environment(autoescape=False).from_string(  # noqa: S701  it is SQL
        macro(found, engine).replace("return(statements", "keep(statements")
    )
    given: list[list[str]] = []
    for relation in found.relations:
        if not relation.node.startswith("source."):
            template.make_module({"keep": given.append}).pii_lint_access(relation.node)
            assert given.pop() == list(engine.of_relation(found, relation))
    template.make_module({"keep": given.append}).pii_lint_access("source.shop.raw.customers")
    assert given == [[]]


def test_nothing_in_a_macro_is_taken_for_a_template(tmp_path: Path) -> None:
    found = of(shop(tmp_path, mart="{{ 1 }}{% if %}{# #}"))
    told = macro(found, DIALECTS["postgres"])
    assert told.count("{{") == told.count("{#") == 1
    assert told.count("{%") == 3
    given: list[list[str]] = []
    template = Environment(autoescape=False).from_string(  # noqa: S701  it is SQL
        told.replace("return(statements", "keep(statements")
    )
    template.make_module({"keep": given.append}).pii_lint_access("model.shop.mart")
    assert '"{{ 1 }}{% if %}{# #}"' in given[0][0]


@pytest.mark.parametrize("dialect", ["snowflake", "bigquery", "databricks"])
def test_masks_that_would_blind_the_build_are_refused(tmp_path: Path, dialect: str) -> None:
    found = of(shop(tmp_path, adapter=dialect))
    with pytest.raises(ConfigError, match="name it with --builder"):
        DIALECTS[dialect].ddl(found)


@DIALECT
def test_no_digest_stands_for_what_is_hidden(tmp_path: Path, dialect: str) -> None:
    told = DIALECTS[dialect].ddl(of(shop(tmp_path, adapter=dialect), builder(dialect)))
    assert not re.search(r"(?i)sha|md5|hash", told)


def test_an_engine_that_folds_gets_the_names_that_dbt_would_make_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = shop(tmp_path, adapter="duckdb")
    assert govern(folder, "--dialect", "snowflake", "--builder", "transformer") == 0
    assert '"SHOP"."RAW"."CUSTOMERS"' in capsys.readouterr().out


@pytest.mark.parametrize(
    ("dialect", "plain", "quoted"),
    [
        ("postgres", "mail", "Mail"),
        ("redshift", "mail", "Mail"),
        ("snowflake", "MAIL", "Mail"),
        ("databricks", "Mail", "Mail"),
    ],
)
def test_a_column_is_spelt_as_the_engine_keeps_it(
    tmp_path: Path, dialect: str, plain: str, quoted: str
) -> None:
    found = of(shop(tmp_path, adapter=dialect), "transformer")
    (raw,) = (one for one in found.relations if one.name == "customers")

    def told(column: GovernedColumn) -> str:
        return DIALECTS[dialect].ddl(replace(found, relations=(replace(raw, columns=(column,)),)))

    (email,) = (column for column in raw.columns if column.name == "email")
    mark = DIALECTS[dialect].names.mark
    assert f"{mark}{plain}{mark}" in told(replace(email, name="Mail"))
    assert f"{mark}{quoted}{mark}" in told(replace(email, name="Mail", exact=True))
    assert f"{mark}My mail{mark}" in told(replace(email, name="My mail"))


def test_the_catalogue_says_how_columns_are_spelt(tmp_path: Path) -> None:
    folder = shop(tmp_path)
    columns = {
        name: {"name": name, "index": index, "type": "text"}
        for index, name in enumerate(("id", "Email", "born_on", "ssn", "country"))
    }
    entry = {"unique_id": "source.shop.raw.customers", "columns": columns}
    catalog = {
        "metadata": {
            "dbt_schema_version": "https://schemas.getdbt.com/dbt/catalog/v1.json",
            "generated_at": "2026-11-22T00:00:01Z",
            "invocation_id": "0",
        },
        "nodes": {},
        "sources": {entry["unique_id"]: {"metadata": {"type": "table"}, **entry}},
    }
    (folder / "target/catalog.json").write_text(json.dumps(catalog), "utf-8")
    (raw,) = (one for one in of(folder).relations if one.name == "customers")
    assert {column.name: column.exact for column in raw.columns}["Email"]


def test_a_seed_and_the_source_it_stands_in_for_are_one_table(tmp_path: Path) -> None:
    folder = shop(tmp_path)
    file = folder / "target/manifest.json"
    told = json.loads(file.read_text("utf-8"))
    raw = told["sources"]["source.shop.raw.customers"]
    seed = {
        **raw,
        "resource_type": "seed",
        "original_file_path": "seeds/customers.csv",
        "alias": "customers",
        "tags": [],
        "columns": {"country": {"name": "country"}, "ssn": {"name": "ssn"}},
        "config": {"materialized": "seed", "grants": {"select": ["analyst"]}},
        "depends_on": {"nodes": []},
    }
    told["nodes"]["seed.shop.customers"] = seed
    file.write_text(json.dumps(told), "utf-8")
    (folder / "seeds").mkdir()
    (folder / "seeds/customers.csv").write_text("country,ssn\n", "utf-8")
    (one,) = (each for each in of(folder).relations if each.name == "customers")
    assert one.readers == ("analyst",)
    assert {column.name: column.mask for column in one.columns} == {
        "country": None,
        "ssn": "restricted",
        "id": None,
        "email": "confidential",
        "born_on": "confidential",
    }


def test_whoever_isn_t_cleared_for_unlisted_columns_gets_the_listed_ones(tmp_path: Path) -> None:
    found = of(shop(tmp_path))
    (reach,) = (one for one in found.relations if one.name == "fct_reach")
    opened = replace(found, relations=(replace(reach, tail_mask="restricted"),))
    for dialect in ("postgres", "redshift"):
        told = DIALECTS[dialect].ddl(opened)
        assert 'grant select ("id", "country") on table "marts"."fct_reach" to "analyst"' in told
        assert "grant select on table" not in told


def test_a_description_that_dbt_persists_stands_behind_the_class(tmp_path: Path) -> None:
    found = of(shop(tmp_path))
    column = replace(found.relations[1].columns[1], description="Where we write.\nIt's verified.")
    told = DIALECTS["postgres"].ddl(
        replace(found, relations=(replace(found.relations[1], columns=(column,)),))
    )
    assert "'pii:confidential contact.email (clear)\nWhere we write.\nIt''s verified.';" in told


def test_roles_that_bigquery_doesn_t_know_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert govern(shop(tmp_path), "--dialect", "bigquery", "--builder", "user:a@b.example") == 2
    assert "`analyst` is no principal of Google Cloud" in capsys.readouterr().err


TAGS = "projects/shop/locations/us/taxonomies/1/policyTags/"


def test_policy_tags_go_to_dbt_as_properties(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = shop(tmp_path, adapter="bigquery")
    tags = ["--policy-tag", f"confidential={TAGS}2", "--policy-tag", f"restricted={TAGS}3"]
    assert govern(folder, *tags) == 0
    (mart,) = yaml.safe_load(capsys.readouterr().out)["models"]
    assert mart["config"] == {"persist_docs": {"columns": True}}
    assert {column["name"]: column["policy_tags"] for column in mart["columns"]} == {
        "email": [f"{TAGS}2"],
        "born_on": [f"{TAGS}2"],
        "ssn": [f"{TAGS}3"],
    }
    assert govern(folder, *tags[:2]) == 2
    assert govern(folder, "--policy-tag", "confidential=123") == 2
    assert govern(folder, *tags, "--dialect", "postgres") == 2
    assert govern(folder, *tags, "--as-macro") == 2
    err = capsys.readouterr().err.splitlines()
    assert "is restricted, and no policy tag stands for that" in err[0]
    assert "is no policy tag of a class" in err[1]
    assert "--policy-tag is for BigQuery" in err[2]
    assert "ask for one thing each" in err[3]


def test_a_class_is_seen_by_whoever_is_cleared_for_it_or_a_stricter_one(tmp_path: Path) -> None:
    found = of(shop(tmp_path))
    assert found.cleared["confidential"] == ("officer", "support")
    assert found.cleared["restricted"] == ("officer",)
    assert found.roles == ("analyst", "officer", "support")


def test_a_pattern_clears_roles_by_their_names_and_an_idle_one_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    policy = POLICY.replace("[support]", "['SUP*', 'vendor_*']")
    folder = shop(tmp_path, policy=policy)
    assert of(folder).cleared["confidential"] == ("officer", "support")
    assert govern(folder) == 0
    assert "`vendor_*` under `roles` fits no role" in capsys.readouterr().err


def test_a_declassified_column_keeps_its_class_and_loses_its_mask(tmp_path: Path) -> None:
    folder = shop(
        tmp_path,
        policy=POLICY
        + """\
declassified:
  - node: model.shop.mart
    columns: [email]
    kinds: [email]
    reason: Support calls people back.
    by: Privacy office
"""
        + f"    until: {datetime.now(tz=UTC).date() + timedelta(days=300)}\n",
    )
    (mart,) = (one for one in of(folder).relations if one.name == "mart_contact")
    columns = {column.name: (column.classification, column.mask) for column in mart.columns}
    assert columns["email"] == ("confidential", None)
    assert columns["born_on"] == ("confidential", "confidential")


def govern(folder: Path, *words: str) -> int:
    return main(["govern", "ddl", "--project-dir", str(folder), *words])


def test_a_reviewed_file_that_still_holds_is_no_change(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = shop(tmp_path / "shop")
    file = tmp_path / "access.sql"
    assert govern(folder, "--output", str(file)) == 0
    assert govern(folder, "--against", str(file)) == 0
    assert capsys.readouterr().out == ""


def test_what_changed_is_shown_as_a_diff(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "access.sql"
    assert govern(shop(tmp_path / "old"), "--output", str(file)) == 0
    assert govern(shop(tmp_path / "new", readers=("support",)), "--against", str(file)) == 1
    told = capsys.readouterr().out
    assert '\n-grant select on table "restricted"."mart_contact" to "officer";\n' in told
    assert [line for line in told.splitlines() if line.startswith("+grant")] == [
        '+grant usage on schema "restricted" to "support";'
    ]


def test_a_diff_of_a_file_without_a_last_line_break_stays_whole() -> None:
    assert changes("a", "b\n", "x").splitlines()[-2:] == ["-a", "+b"]


@pytest.mark.parametrize(
    ("policy", "sentence"),
    [
        (POLICY.partition("roles:")[0], "The policy names no roles"),
        (POLICY, "No column is tagged as personal"),
    ],
)
def test_without_roles_or_personal_columns_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], policy: str, sentence: str
) -> None:
    folder = shop(tmp_path, policy=policy)
    if policy == POLICY:
        file = folder / "target/manifest.json"
        file.write_text(file.read_text("utf-8").replace('"pii": true', '"pii": false'), "utf-8")
        file.write_text(file.read_text("utf-8").replace('"tags": ["pii"]', '"tags": []'), "utf-8")
    assert govern(folder) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert sentence in err


def test_an_engine_without_access_rules_is_named_with_the_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = shop(tmp_path, adapter="duckdb")
    assert govern(folder) == 2
    assert "compiled for duckdb, for which no access rules are written" in capsys.readouterr().err
    assert govern(folder, "--dialect", "postgres") == 0


def test_a_reviewed_file_that_is_not_there_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert govern(shop(tmp_path), "--against", str(tmp_path / "none.sql")) == 2
    assert "can't be read as UTF-8 text" in capsys.readouterr().err


def test_the_command_offers_every_engine() -> None:
    from pii_lint.cli.govern import _DIALECTS

    assert tuple(DIALECTS) == _DIALECTS
