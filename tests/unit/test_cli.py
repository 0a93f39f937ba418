"""The command line as people meet it: output, exit codes, one sentence for whatever is wrong."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

import pii_lint.pipeline.check
from pii_lint.cli import main

ROOT = Path(__file__).parents[2]
LEAK = "select email from shop.raw.customers"
CLEAN = "select country from shop.main.stg_customers"


def manifest(mart: str = LEAK, *, tagged: bool = True, folder: str = "marts/safe") -> object:
    """The least that dbt 1.11 would write for one source and one mart."""
    meta = {"pii": True, "pii_type": "email"} if tagged else {}
    return {
        "metadata": {
            "dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v12.json",
            "dbt_version": "1.11.16",
            "adapter_type": "duckdb",
            "project_name": "shop",
            "generated_at": "2026-11-22T00:00:00Z",
            "invocation_id": "0",
        },
        "nodes": {
            STAGED: _node("stg_customers", "staging", STAGING),
            "model.shop.fct_reach": _node("fct_reach", folder, mart),
        },
        "sources": {
            SOURCE: {
                "resource_type": "source",
                "name": "customers",
                "package_name": "shop",
                "original_file_path": "models/raw/src.yml",
                "database": "shop",
                "schema": "raw",
                "identifier": "customers",
                "relation_name": '"shop"."raw"."customers"',
                "tags": ["pii"] if tagged else [],
                "columns": {
                    "email": {"name": "email", "meta": meta},
                    "country": {"name": "country", "meta": {"pii": False}},
                },
            }
        },
        "macros": {},
        "exposures": {},
    }


SOURCE = "source.shop.raw.customers"
STAGED = "model.shop.stg_customers"
STAGING = "select country from shop.raw.customers"


def _node(name: str, folder: str, sql: str) -> dict[str, object]:
    return {
        "resource_type": "model",
        "name": name,
        "package_name": "shop",
        "original_file_path": f"models/{folder}/{name}.sql",
        "database": "shop",
        "schema": "main",
        "alias": name,
        "relation_name": f'"shop"."main"."{name}"',
        "raw_code": sql,
        "compiled": True,
        "compiled_code": sql,
        "depends_on": {"nodes": [SOURCE if ".raw." in sql else STAGED]},
        "config": {"materialized": "table"},
        "columns": {},
    }


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to run in."""
    monkeypatch.chdir(tmp_path)
    for variable in ("PII_LINT_DEBUG", "NO_COLOR"):
        monkeypatch.delenv(variable, raising=False)
    return tmp_path


def put(folder: Path, content: object, name: str = "manifest.json") -> str:
    path = folder / name
    path.write_text(json.dumps(content), "utf-8")
    return str(path)


def refused(arguments: Sequence[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    code = main(arguments)
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("error: ")
    assert told.err.count("\n") == 1
    return code, told.err


# --- check and inventory ----------------------------------------------------------------------


def test_findings_are_exit_code_1(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--manifest", put(here, manifest())]) == 1
    told = capsys.readouterr()
    assert "PII001 error  models/marts/safe/fct_reach.sql:1:8" in told.out
    assert "freshness not checked" in told.out
    assert told.err == ""
    assert str(here) not in told.out


def test_a_clean_project_is_exit_code_0(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--manifest", put(here, manifest(CLEAN))]) == 0
    assert capsys.readouterr().out.startswith("No findings.\ncoverage: 2 models,")


def test_a_warning_fails_only_where_it_is_told_to(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = put(here, manifest("select country from shop.main.stg_customers"))
    policy = here / "warn.yml"
    policy.write_text(
        "version: 1\npolicy: {unzoned: {clear: warn}}\nrules: {LAY001: off, PII001: warn}\n",
        "utf-8",
    )
    leaking = put(here, manifest(LEAK), "leaking.json")
    for arguments, code in (
        (["--manifest", leaking], 1),
        (["--manifest", leaking, "--config", str(policy)], 0),
        (["--manifest", leaking, "--config", str(policy), "--fail-on", "warn"], 1),
        (["--manifest", path, "--config", str(policy), "--fail-on", "note"], 0),
    ):
        assert main(["check", *arguments]) == code, arguments
    capsys.readouterr()


def test_json_goes_to_a_file_and_says_the_same_every_time(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = put(here, manifest())
    for name in ("one.json", "two.json"):
        assert main(["check", "--manifest", path, "--format", "json", "--output", name]) == 1
    assert capsys.readouterr().out == ""
    assert (here / "one.json").read_bytes() == (here / "two.json").read_bytes()
    found = json.loads((here / "one.json").read_text("utf-8"))["findings"]
    assert [finding["code"] for finding in found] == ["LAY001", "PII001"]


def test_an_auditor_hears_more(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    influenced = "select country from shop.raw.customers where email is not null"
    (here / "p.yml").write_text("version: 1\npolicy: {safe: {signal: note}}\n", "utf-8")
    arguments = ["check", "--manifest", put(here, manifest(influenced)), "--config", "p.yml"]
    arguments += ["--format", "json"]
    for persona, heard in (("default", False), ("pedantic", False), ("auditor", True)):
        main([*arguments, "--persona", persona])
        assert ("PII006" in capsys.readouterr().out) == heard


@pytest.mark.parametrize("command", ["check", "inventory"])
def test_what_the_commands_write_keeps_to_the_shipped_schema(
    here: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    main([command, "--manifest", put(here, manifest()), "--format", "json"])
    schema = ROOT / f"pii_lint/reports/schema/{command}.schema.json"
    told = json.loads(capsys.readouterr().out)
    Draft202012Validator(json.loads(schema.read_text("utf-8"))).validate(told)
    assert told["schema_version"] == 1


def test_the_inventory_lists_and_judges_nothing(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["inventory", "--manifest", put(here, manifest()), "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["columns"]["model.shop.stg_customers"]["country"]["labels"] == []
    assert told["columns"]["model.shop.fct_reach"]["email"]["labels"][0]["form"] == "clear"


def test_a_strange_project_around_the_caller_lends_no_policy(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "dbt_project.yml").write_text("name: other\n", "utf-8")
    (here / "pii_lint.yml").write_text("version: 1\nrules: {LAY001: off, PII001: off}\n", "utf-8")
    (here / "artifacts").mkdir()
    (here / "artifacts" / "of_today").mkdir()
    arguments = ["check", "--manifest", put(here / "artifacts" / "of_today", manifest())]
    assert main(arguments) == 1
    assert "There is no pii_lint.yml" in capsys.readouterr().out
    (here / "dbt_project.yml").write_text("name: shop\n", "utf-8")
    code, told = refused(arguments, capsys)
    assert (code, "older than the project's files" in told) == (3, True)


def test_the_project_around_the_folder_is_found(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "dbt_project.yml").write_text("name: other\n", "utf-8")
    (here / "target").mkdir()
    put(here / "target", manifest())
    (here / "models").mkdir()
    monkeypatch.chdir(here / "models")
    assert main(["check"]) == 1
    assert "the dbt_project.yml found is of project 'other'" in capsys.readouterr().out


# --- what can be wrong ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["chek"], "Did you mean 'check'?"),
        (["check", "--fromat", "json"], "Did you mean '--format'?"),
        (["check", "--format", "jsn"], "'jsn' is not one of 'text', 'json'"),
        (["check", "--fail-on", "never"], "'never' is not one of"),
        (["check"], "There is no dbt_project.yml here or in a folder above"),
        (["check", "--project-dir", "nowhere"], "nowhere"),
        (["explain", "PII01"], "There is no rule PII01: did you mean PII001?"),
        (["explain", "zzz"], "`pii-lint rules` lists them"),
    ],
)
def test_usage_is_exit_code_2(
    here: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    code, told = refused(arguments, capsys)
    assert (code, said in told) == (2, True), told


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (manifest(tagged=False), "No column is tagged as personal"),
        (manifest(folder="marts/other"), "No model is in the safe zone"),
    ],
)
def test_a_gate_with_nothing_to_guard_isn_t_green(
    here: Path, capsys: pytest.CaptureFixture[str], content: object, said: str
) -> None:
    code, told = refused(["check", "--manifest", put(here, content)], capsys)
    assert (code, said in told) == (2, True), told


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        ("rules: {PII901: off}", "there is no rule `PII901`; did you mean `PII001`?"),
        (
            "labels: {source.shop.raw.customer: {email: email}}",
            "`source.shop.raw.customer` is in no manifest; "
            "did you mean `source.shop.raw.customers`?",
        ),
        ("secrets: [{relation: source.shop.raw.salt}]", "`source.shop.raw.salt` is in no manifest"),
    ],
)
def test_a_policy_that_speaks_of_nothing_is_refused(
    here: Path, capsys: pytest.CaptureFixture[str], policy: str, said: str
) -> None:
    (here / "p.yml").write_text(f"version: 1\n{policy}\n", "utf-8")
    code, told = refused(
        ["check", "--manifest", put(here, manifest()), "--config", "p.yml"], capsys
    )
    assert (code, "p.yml:2: " in told, said in told) == (2, True, True), told


def catalogue(*columns: str) -> object:
    """The least that dbt 1.11 would write of the same source in the same run."""
    listed = {name: {"name": name, "index": at, "type": "text"} for at, name in enumerate(columns)}
    return {
        "metadata": {
            "dbt_schema_version": "https://schemas.getdbt.com/dbt/catalog/v1.json",
            "generated_at": "2026-11-22T00:00:00Z",
            "invocation_id": "0",
        },
        "nodes": {},
        "sources": {SOURCE: {"metadata": {"name": "customers"}, "columns": listed}},
    }


def test_a_label_on_a_column_that_the_catalogue_lacks_is_refused(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "p.yml").write_text(f"version: 1\nlabels: {{{SOURCE}: {{phnoe: phone}}}}\n", "utf-8")
    put(here, catalogue("EMAIL", "COUNTRY", "PHONE"), "catalog.json")
    arguments = ["check", "--manifest", put(here, manifest(CLEAN)), "--config", "p.yml"]
    code, told = refused(arguments, capsys)
    assert (code, told) == (
        2,
        f"error: p.yml:2: the catalogue's `{SOURCE}` has no column `phnoe`;"
        " did you mean `phone`?\n",
    )


def test_a_label_on_a_column_that_only_the_catalogue_knows_is_taken(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "p.yml").write_text(f"version: 1\nlabels: {{{SOURCE}: {{phone: phone}}}}\n", "utf-8")
    put(here, catalogue("EMAIL", "COUNTRY", "PHONE"), "catalog.json")
    assert main(["check", "--manifest", put(here, manifest(CLEAN)), "--config", "p.yml"]) == 0
    assert "declares no column" not in capsys.readouterr().out


def test_a_label_on_a_column_that_nobody_knows_is_told_where_there_is_no_catalogue(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    labels = f"labels: {{{SOURCE}: {{Email: email, countri: country}}}}"
    (here / "p.yml").write_text(f"version: 1\n{labels}\n", "utf-8")
    assert main(["check", "--manifest", put(here, manifest(CLEAN)), "--config", "p.yml"]) == 0
    notes = [line for line in capsys.readouterr().out.splitlines() if "declares no column" in line]
    assert notes == [
        f"note: p.yml:2: the YAML of `{SOURCE}` declares no column `countri`;"
        " did you mean `country`?"
    ]


@pytest.mark.parametrize("content", ["", "{", "[]", '{"nodes": {}}'])
def test_an_unusable_manifest_is_exit_code_3(
    here: Path, capsys: pytest.CaptureFixture[str], content: str
) -> None:
    (here / "manifest.json").write_text(content, "utf-8")
    assert refused(["check", "--manifest", "manifest.json"], capsys)[0] == 3


def test_a_missing_policy_file_is_exit_code_2(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["check", "--config", "nowhere.yml", "--manifest", put(here, manifest())]
    code, told = refused(arguments, capsys)
    assert (code, "nowhere.yml" in told) == (2, True)


def test_a_missing_manifest_is_exit_code_3(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, told = refused(["check", "--manifest", "manifest.json"], capsys)
    assert (code, "manifest.json" in told) == (3, True)


@pytest.mark.parametrize("output", ["missing/report.json", "."])
def test_an_output_that_can_t_be_written_is_exit_code_2(
    here: Path, capsys: pytest.CaptureFixture[str], output: str
) -> None:
    arguments = ["check", "--manifest", put(here, manifest()), "--output", output]
    assert refused(arguments, capsys)[0] == 2


def test_a_fault_of_the_tool_is_exit_code_4_and_shows_no_value(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> None:
        raise KeyError("a value of the project")

    monkeypatch.setattr(pii_lint.pipeline.check, "check", fail)
    code, told = refused(["check"], capsys)
    assert (code, "KeyError" in told, "a value" in told) == (4, True, False)
    for debugging in (["--debug", "check"], ["check"]):
        assert main(debugging) == 4
        assert "Traceback" in capsys.readouterr().err
        monkeypatch.setenv("PII_LINT_DEBUG", "1")


def test_a_hostile_argument_stays_text(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, told = refused(["explain", "\x1b[31mPII\n\u202e001"], capsys)
    assert code == 2
    assert not set(told) & {"\x1b", "\u202e"}


# --- rules ------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["PII001", "pii001", "pii-in-safe-model"])
def test_explain_shows_a_rule_by_code_or_name(
    capsys: pytest.CaptureFixture[str], word: str
) -> None:
    assert main(["explain", word]) == 0
    told = capsys.readouterr().out
    assert told.startswith("# PII001 pii-in-safe-model\n")
    assert "## Why" in told
    assert "## Clean" in told


def test_rules_lists_every_rule(capsys: pytest.CaptureFixture[str]) -> None:
    from pii_lint.rules import RULES

    assert main(["rules"]) == 0
    listed = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert listed == [rule.code for rule in RULES]


# --- as a process -----------------------------------------------------------------------------


def run(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_help_names_the_commands_and_loads_no_parser(tmp_path: Path) -> None:
    shown = run(tmp_path, "-X", "importtime", "-m", "pii_lint", "--help")
    assert shown.returncode == 0
    for word in ("check", "inventory", "explain", "rules", "salt", "Exit codes"):
        assert word in shown.stdout
    assert "pii_lint.cli" in shown.stderr
    for module in ("sqlglot", "msgspec", "rich", "duckdb"):
        assert f"| {module}\n" not in shown.stderr.replace(" ", "").replace("|", "| ")


def test_no_command_at_all_shows_the_help(tmp_path: Path) -> None:
    shown = run(tmp_path, "-m", "pii_lint")
    assert "Usage: pii-lint" in shown.stdout


def test_a_reader_who_leaves_doesn_t_change_the_verdict(tmp_path: Path) -> None:
    path = put(tmp_path, manifest())
    command = [sys.executable, "-m", "pii_lint", "check", "--manifest", path]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        cwd=tmp_path,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        told = process.stderr.read()
    assert (process.returncode, told) == (1, b"")


def test_a_terminal_without_the_letter_gets_its_code(tmp_path: Path) -> None:
    path = put(tmp_path, manifest(LEAK.replace("email", "email as mail_電")))
    command = ("-m", "pii_lint", "check", "--manifest", path)
    shown = run(tmp_path, *command, PYTHONIOENCODING="latin-1", PYTHONUTF8="0")
    assert shown.returncode == 1
    assert "mail_\\u96fb" in shown.stdout
