"""Every model, test, snapshot, hook and macro on five warehouses that nobody here has: it compiles,
it parses, asks for nothing that the vendor doesn't document, and means the same to the linter."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import redirect_stdout
from functools import cache
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from sqlglot import Dialect, exp, parse
from sqlglot.tokens import TokenType

from pii_lint.cli import main
from tests.warehouse import REPOSITORY

if TYPE_CHECKING:
    from tests.dialects.compiling import Compiled

pytestmark = pytest.mark.slow

CLOUDS = ("snowflake", "bigquery", "databricks", "redshift", "trino")
VENDORS = yaml.safe_load((Path(__file__).parent / "vendors.yml").read_text(encoding="utf-8"))
every_cloud = pytest.mark.parametrize("engine", CLOUDS)

Dialects = Mapping[str, "Compiled"]


# --- what is compiled -----------------------------------------------------------------------------


@every_cloud
def test_it_compiles_to_as_many_statements_as_on_duckdb(dialects: Dialects, engine: str) -> None:
    written = dialects[engine].statements
    assert written.keys() == dialects["duckdb"].statements.keys()
    kinds = {name.split(".")[0] for name in written}
    assert kinds == {"model", "snapshot", "test", "analysis", "asked 0"}


def test_no_file_with_sql_is_left_out(dialects: Dialects) -> None:
    models = {path.stem for path in (REPOSITORY / "models").rglob("*.sql")}
    snapshots = {path.stem for path in (REPOSITORY / "snapshots").rglob("*.sql")}
    singular = {path.stem for path in (REPOSITORY / "tests/dbt").glob("*.sql")}
    written = {name.split(" ")[0].split(".")[2] for name in dialects["trino"].nodes}
    assert models | snapshots | singular <= written


@every_cloud
def test_both_branches_of_an_incremental_model_are_there(dialects: Dialects, engine: str) -> None:
    written = dialects[engine].statements
    first, later = (written[f"model.acme.int_events_enriched{run}"] for run in ("", " (true)"))
    assert "max(event_at)" not in first
    assert "max(event_at)" in later


# --- what the engine would make of it -------------------------------------------------------------


@every_cloud
def test_every_statement_parses_and_none_is_opaque(dialects: Dialects, engine: str) -> None:
    assert {
        name: what
        for name, sql in dialects[engine].statements.items()
        for what in opaque(sql, engine)
    } == {}


def test_a_statement_that_sqlglot_only_carries_along_would_be_told() -> None:
    assert list(opaque("alter warehouse acme resume", "snowflake")) == ["ALTER WAREHOUSE"]
    assert list(opaque("select 1 frm where", "snowflake")) == ["ParseError"]
    assert list(opaque("select 1; select 2", "snowflake")) == []


@every_cloud
def test_every_function_is_one_that_the_vendor_documents(dialects: Dialects, engine: str) -> None:
    known = {*VENDORS["everywhere"]["functions"], *VENDORS[engine]["functions"]}
    called = {
        each for sql in dialects[engine].statements.values() for each in functions(sql, engine)
    }
    assert called - known == set()
    # and the list names none that nobody calls, or it would pass for more than was looked at
    assert set(VENDORS[engine]["functions"]) - called == set()


@every_cloud
def test_every_type_is_one_that_the_vendor_documents(dialects: Dialects, engine: str) -> None:
    known = {*VENDORS["everywhere"]["types"], *VENDORS[engine]["types"]}
    assert {
        each for sql in dialects[engine].statements.values() for each in types(sql, engine)
    } <= known
    assert seed_types(engine) <= known


@every_cloud
def test_no_bare_name_is_a_word_that_the_engine_keeps_to_itself(
    dialects: Dialects, engine: str
) -> None:
    kept = set(VENDORS[engine]["reserved"].split())
    bare = {
        each for sql in dialects[engine].statements.values() for each in bare_names(sql, engine)
    }
    assert bare & kept == set()


def test_the_readers_of_sql_above_see_what_they_look_for() -> None:
    sql = "select count(a) as plan, cast(b as numeric(9, 2)), `from`.c from d where e in (1)"
    assert set(functions(sql, "bigquery")) == {"count", "cast"}
    assert set(types(sql, "bigquery")) == {"numeric(9, 2)"}
    assert set(bare_names(sql, "bigquery")) == {"a", "b", "c", "d", "e", "plan"}


# --- where engines part ---------------------------------------------------------------------------

PIECES = {
    # weeks begin on Monday, whatever the session says
    ("snowflake", "week_start"): (
        "dateadd(day, 1 - dayofweekiso(scheduled_at), cast(scheduled_at as date))"
    ),
    ("bigquery", "week_start"): "date_trunc(cast(scheduled_at as date), isoweek)",
    ("databricks", "week_start"): "cast(date_trunc('week', scheduled_at) as date)",
    ("redshift", "week_start"): "cast(date_trunc('week', scheduled_at) as date)",
    ("trino", "week_start"): "cast(date_trunc('week', scheduled_at) as date)",
    ("snowflake", "metadata_page"): "json_extract_path_text(metadata, 'page')",
    ("bigquery", "metadata_page"): "json_value(metadata, '$.page')",
    ("databricks", "metadata_page"): "get_json_object(metadata, '$.page')",
    ("redshift", "metadata_page"): "nullif(json_extract_path_text(metadata, 'page'), '')",
    ("trino", "metadata_page"): "json_extract_scalar(metadata, '$.page')",
}  # fmt: skip
HOLDERS = {"week_start": "int_appointment_lifecycle", "metadata_page": "stg_events"}


@pytest.mark.parametrize(("engine", "column"), PIECES)
def test_a_column_is_asked_for_in_the_engines_own_words(
    dialects: Dialects, engine: str, column: str
) -> None:
    written = plain(dialects[engine].statements[f"model.acme.{HOLDERS[column]}"])
    assert f"{PIECES[engine, column]} as {column}" in written


def test_redshift_is_given_nothing_that_postgresql_alone_has(dialects: Dialects) -> None:
    # dbt takes PostgreSQL's body of a macro where Redshift has none of its own
    written = "\n".join(dialects["redshift"].statements.values())
    assert re.findall(r"jsonb|do \$|#>>|::|pg_namespace|encode\(", written) == []


def test_redshift_cuts_no_text_before_it_is_compared(dialects: Dialects) -> None:
    compared = dialects["redshift"].statements["test.acme.assert_no_pii_in_marts"]
    assert "varchar(65535)" in compared
    assert "as TEXT" not in compared


def test_trino_replaces_the_events_that_it_reads_again(dialects: Dialects) -> None:
    # its adapter appends where no strategy is named, and three days would stand there twice
    manifest = json.loads(dialects["trino"].manifests[0].read_text(encoding="utf-8"))
    config = manifest["nodes"]["model.acme.int_events_enriched"]["config"]
    assert (config["incremental_strategy"], config["unique_key"]) == ("merge", "event_id")


def test_bigquery_is_asked_for_no_privilege_that_it_does_not_have(dialects: Dialects) -> None:
    granted = [sql for sql in map(plain, dialects["bigquery"].asked) if sql.startswith("grant")]
    assert len(granted) == 1
    assert "roles/bigquery.dataViewer" in granted[0]


# --- what the linter makes of it ------------------------------------------------------------------


@every_cloud
def test_it_lints_as_clean_as_on_duckdb(dialects: Dialects, engine: str) -> None:
    cloud, duckdb = (asked("check", dialects[name]) for name in (engine, "duckdb"))
    assert cloud["input"]["manifests"][0]["adapter_type"] == engine
    assert findings(cloud) == findings(duckdb)
    assert not [finding for finding in cloud["findings"] if finding["severity"] != "note"]
    assert cloud["coverage"] == duckdb["coverage"]
    assert masks(cloud) == masks(duckdb)


@every_cloud
def test_its_inventory_is_that_of_duckdb_cell_by_cell(dialects: Dialects, engine: str) -> None:
    cloud, duckdb = (dict(cells(asked("inventory", dialects[name]))) for name in (engine, "duckdb"))
    assert {
        at: (duckdb.get(at), cloud.get(at))
        for at in cloud | duckdb
        if cloud.get(at) != duckdb.get(at)
    } == {}
    masked = "columns model.acme.fct_marketing_reach email_hash labels 0 form"
    assert cloud[masked] == "pseudonym"


@every_cloud
def test_a_leak_that_is_planted_there_is_found(
    dialects: Dialects, engine: str, tmp_path: Path
) -> None:
    leaky = tmp_path / "manifest.json"
    manifest = json.loads(dialects[engine].manifests[0].read_text(encoding="utf-8"))
    staging = manifest["nodes"]["model.acme.stg_customers"]
    planted, times = re.subn(
        r"(organization_id,)\s+\w+\(.*? as email_hash",
        r"\1 email as email_hash",
        staging["compiled_code"],
        flags=re.DOTALL,
    )
    assert times == 1
    staging["compiled_code"] = planted
    leaky.write_text(json.dumps(manifest), encoding="utf-8")
    told = _asked("check", dialects[engine].home, (leaky,), code=1)
    found = {(finding["code"], finding["node"], finding["column"]) for finding in told["findings"]}
    assert ("PII001", "model.acme.fct_marketing_reach", "email_hash") in found
    assert ("STG002", "model.acme.stg_customers", "email_hash") in found


# --- reading SQL ----------------------------------------------------------------------------------


def opaque(sql: str, engine: str) -> Iterator[str]:
    """What sqlglot doesn't understand: statements that it only carries along, and errors."""
    try:
        trees = parse(sql, dialect=engine)
    except Exception as error:  # noqa: BLE001 - whatever it is, the statement wasn't read
        yield type(error).__name__
        return
    for tree in filter(None, trees):
        for command in tree.find_all(exp.Command):
            yield f"{command.this} {str(command.expression).split()[0]}".upper()


def functions(sql: str, engine: str) -> Iterator[str]:
    """Names before a bracket; a keyword there opens a list or a subquery."""
    tokens = Dialect.get_or_raise(engine).tokenize(sql)
    keywords = {"as", "in", "over", "exists", "where", "from", "or", "and", "join", "values", "not"}
    for at, token in enumerate(tokens[1:]):
        name = tokens[at].text.lower()
        if token.token_type is not TokenType.L_PAREN or name in keywords or not name.isidentifier():
            continue
        # a type with its size, and the alias of a list of rows
        if not at or tokens[at - 1].text.lower() != "as":
            yield name


def types(sql: str, engine: str) -> Iterator[str]:
    """What values are cast to, as it is written."""
    tokens = Dialect.get_or_raise(engine).tokenize(sql)
    open_casts: list[bool] = []
    for at, token in enumerate(tokens):
        if token.token_type is TokenType.L_PAREN:
            open_casts.append(at > 0 and tokens[at - 1].text.lower() == "cast")
        elif token.token_type is TokenType.R_PAREN:
            open_casts.pop()
        elif token.text.lower() == "as" and open_casts and open_casts[-1]:
            first, last = tokens[at + 1], at + 1
            if tokens[last + 1].token_type is TokenType.L_PAREN:
                while tokens[last].token_type is not TokenType.R_PAREN:
                    last += 1
            yield sql[first.start : tokens[last].end + 1].lower()


def bare_names(sql: str, engine: str) -> Iterator[str]:
    """Identifiers that no quotes protect."""
    for tree in filter(None, parse(sql, dialect=engine)):
        for name in tree.find_all(exp.Identifier):
            if not name.quoted:
                yield name.name.lower()


def seed_types(engine: str) -> set[str]:
    """What the synthetic raw tables are made of."""
    from jinja2 import Template

    seeds = yaml.safe_load((REPOSITORY / "seeds/seeds.yml").read_text(encoding="utf-8"))["seeds"]
    return {
        Template(written, autoescape=False).render(target={"type": engine})
        for seed in seeds
        for written in seed["config"]["column_types"].values()
    }


def plain(sql: str) -> str:
    return " ".join(sql.split())


def asked(command: str, compiled: Compiled) -> Any:
    """What `pii-lint` says of the manifests."""
    return _asked(command, compiled.home, compiled.manifests)


@cache
def _asked(command: str, home: Path, manifests: tuple[Path, ...], code: int = 0) -> Any:
    given = [word for path in manifests for word in ("--manifest", str(path))]
    with redirect_stdout(StringIO()) as told:
        ended = main([command, "--project-dir", str(home), *given, "--format", "json"])
    assert ended == code, told.getvalue()
    return json.loads(told.getvalue())


def findings(report: Any) -> list[Any]:
    """All but the steps on the way, which quote the SQL that each engine has."""
    return [{**finding, "flows": len(finding["flows"])} for finding in report["findings"]]


def masks(report: Any) -> list[Any]:
    """All but the name of the function, of which each engine has its own."""
    return [{**mask, "function": None} for mask in report["masks"]]


def cells(told: Any, at: str = "") -> Iterator[tuple[str, Any]]:
    """An inventory as single values; what it was made from is left out."""
    if isinstance(told, dict):
        for key, value in told.items():
            if at or key in ("columns", "relations", "uses"):
                yield from cells(value, f"{at} {key}".strip())
    elif isinstance(told, list):
        for place, value in enumerate(told):
            yield from cells(value, f"{at} {place}")
    else:
        yield at, told
