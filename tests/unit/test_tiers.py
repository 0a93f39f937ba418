"""The tier decides what each command may touch, and the table says what that is."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import click
import pytest
import yaml
from jsonschema import Draft7Validator

from pii_lint.cli import cli, main
from pii_lint.config import load_config
from pii_lint.config.render import resolved
from pii_lint.data import commands as table
from pii_lint.data.names import catalogue
from pii_lint.tiers import Tier
from tests.unit.test_cli import manifest

ROOT = Path(__file__).parents[2]
TABLE = table.shipped()
ROWS = TABLE.commands
GIVEN = {
    "explain": ["PII001"],
    "blast-radius": ["raw.customers.email"],
    "diff": ["manifest.json", "manifest.json"],
    "profile": ["customers"],
    "publish": ["out"],
    "export-subject": ["out"],
    "screen": ["events.jsonl"],
}
"""Arguments without which a command doesn't start."""
WITHOUT_DRIVERS = """
import json, sys
for name in ("duckdb", "psycopg", "dbt"):
    sys.modules[name] = None
from pii_lint.cli import main
codes = {name: main(words) for name, words in json.loads(sys.argv[1]).items()}
sys.stderr.write("\\n" + json.dumps(codes))
"""


def leaves(command: click.Command, name: str = "") -> Iterator[tuple[str, click.Command]]:
    if not isinstance(command, click.Group):
        yield name, command
        return
    context = click.Context(command)
    for word in command.list_commands(context):
        below = command.get_command(context, word)
        assert below is not None
        yield from leaves(below, f"{name} {word}".strip())


COMMANDS = dict(leaves(cli))


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project without a database."""
    monkeypatch.chdir(tmp_path)
    for variable in [one for one in os.environ if one.startswith(("PG", "DBT_", "PII_LINT_"))]:
        if variable != "PII_LINT_CACHE_DIR":
            monkeypatch.delenv(variable)
    # whatever database the caller has stays out of it
    monkeypatch.setenv("PGHOST", str(tmp_path / "nowhere"))
    monkeypatch.setenv("DBT_PROFILES_DIR", str(tmp_path))
    (tmp_path / "dbt_project.yml").write_text("name: shop\nprofile: shop\n", "utf-8")
    return tmp_path


def state(folder: Path, tier: object, name: str = "pii_lint.yml") -> Path:
    file = folder / name
    file.write_text(f"version: 1\ntier: {tier}\n", "utf-8")
    return file


def words(name: str) -> list[str]:
    return [*name.split(), *GIVEN.get(name, ())]


# --- the table --------------------------------------------------------------------------------


def test_every_command_has_a_row_and_every_row_a_command() -> None:
    missing, idle = sorted(COMMANDS.keys() - ROWS.keys()), sorted(ROWS.keys() - COMMANDS.keys())
    assert not missing, (
        f"pii_lint/data/commands.yml has no row for: {', '.join(missing)}. Add one that says what "
        "it touches and as whom; then `make generate` writes commands.json and docs/commands.md."
    )
    assert not idle, f"pii_lint/data/commands.yml names commands that aren't: {', '.join(idle)}."


def test_a_command_without_a_row_is_told_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    others = {name: row for name, row in ROWS.items() if name != "guard scan"}
    monkeypatch.setattr(sys.modules[__name__], "ROWS", others)
    with pytest.raises(AssertionError, match="has no row for: guard scan. Add one"):
        test_every_command_has_a_row_and_every_row_a_command()


def test_the_table_is_what_its_schema_says() -> None:
    folder = ROOT / "pii_lint/data"
    schema = json.loads((folder / "commands.schema.json").read_text("utf-8"))
    Draft7Validator.check_schema(schema)
    found = [one.message for one in Draft7Validator(schema).iter_errors(catalogue("commands.yml"))]
    assert found == []


@pytest.mark.parametrize("name", ROWS)
def test_a_row_says_as_whom_and_speaks_of_options_that_are_there(name: str) -> None:
    row = ROWS[name]
    options = {word for option in COMMANDS[name].params for word in option.opts}
    assert set(row.options) <= options
    every = [row.touched(), *(row.touched([option]) for option in row.options)]
    connects = any(touch.name != table.FILES for touched in every for touch in touched)
    assert all((row.credentials, row.configured, row.role)) is connects
    tiers = {row.tier(), *(row.tier([option]) for option in row.options)}
    assert all(row.limits.get(tier) is None for tier in Tier if tier > max(tiers))


def test_what_is_named_instead_is_allowed_there() -> None:
    named = [
        (name, tier, found[1])
        for name, row in ROWS.items()
        for tier, text in row.instead.items()
        for found in re.finditer(r"`(?:pii-lint )?([a-z]+(?: [a-z]+)?)[ `]", text)
        if found[1] != "salt"
    ]
    assert ("guard apply", Tier.REGULATED, "guard ddl") in named
    for name, tier, other in named:
        assert ROWS[other].tier() >= tier, (name, tier, other)
        assert ROWS[name].tier() < tier


def test_options_change_what_is_touched() -> None:
    given = {"touches": ["rows", "change"], "with": {"--dry-run": ["metadata"], "--all": ["rows"]}}
    row = table.table(catalogue("commands.yml") | {"commands": {"load": given}}).row("load")
    assert row.tier() is Tier.STANDARD
    assert row.tier(["--dry-run", "--quiet"]) is Tier.REGULATED
    assert row.tier(["--dry-run", "--all"]) is Tier.STANDARD
    assert [touch.name for touch in row.touched(["--all", "--dry-run"])] == ["metadata", "rows"]


# --- what is refused, and what isn't ----------------------------------------------------------


@pytest.mark.parametrize("tier", Tier)
@pytest.mark.parametrize("name", [name for name in ROWS if name != "lsp"])
def test_a_tier_refuses_just_what_the_table_says(
    here: Path, capsys: pytest.CaptureFixture[str], name: str, tier: Tier
) -> None:
    state(here, int(tier))
    row = ROWS[name]
    for option in ("", *row.options):
        code = main([*words(name), *([option] if option else [])])
        told = capsys.readouterr()
        allowed = row.tier([option])
        forbidden = "forbids and" in told.err
        assert forbidden is (tier > allowed), (option, told.err)
        if forbidden:
            assert code == 2
            assert told.out == ""
            assert told.err.count("\n") == 1
            assert f"`pii-lint {' '.join(filter(None, (name, option)))}`" in told.err
            assert f"{tier.called} of pii_lint.yml" in told.err
            assert f"{allowed.called} would allow" in told.err


def test_without_a_tier_nothing_is_refused(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "pii_lint.yml").write_text("version: 1\n", "utf-8")
    for name in ROWS:
        if name != "lsp":
            main(words(name))
    assert "forbids" not in capsys.readouterr().err


def test_help_is_given_at_every_tier(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    state(here, 3)
    assert main(["guard", "apply", "--help"]) == 0
    assert "Usage" in capsys.readouterr().out


def test_a_command_of_which_nothing_is_known_runs_at_tier_1_alone(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    known = {name: row for name, row in ROWS.items() if name != "rules"}
    monkeypatch.setattr(table, "shipped", lambda: replace(TABLE, commands=known))
    assert main(["rules"]) == 0
    state(here, 2)
    assert main(["rules"]) == 2
    assert "`pii-lint rules` changes a database" in capsys.readouterr().err


def test_what_touches_files_alone_needs_no_driver_and_no_dbt(here: Path) -> None:
    """At tier 3 there is no database connection at all: none could be made."""
    state(here, 3)
    (here / "target").mkdir()
    for path in ("manifest.json", "target/manifest.json"):
        (here / path).write_text(json.dumps(manifest()), "utf-8")
    (here / "events.jsonl").write_text('{"order": 1}\n', "utf-8")
    for file in ("staging/stg_customers", "marts/safe/fct_reach"):
        place = here / "models" / f"{file}.sql"
        place.parent.mkdir(parents=True)
        place.write_text("select 1", "utf-8")
    given = {name: words(name) for name, row in ROWS.items() if row.tier() is Tier.AIR_GAPPED}
    given.pop("lsp")
    given["init"] += ["--force"]
    given["govern ddl"] += ["--dialect", "postgres"]
    run = subprocess.run(
        [sys.executable, "-c", WITHOUT_DRIVERS, json.dumps(given)],
        capture_output=True,
        text=True,
        cwd=here,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )
    codes = json.loads(run.stderr.splitlines()[-1])
    assert codes.keys() == given.keys()
    # the policy names no roles, without which there is nothing to govern
    assert codes.pop("govern ddl") == 2
    assert set(codes.values()) <= {0, 1}, codes


def test_whatever_signs_in_to_postgresql_looks_for_an_administrator() -> None:
    signing_in = {
        path.relative_to(ROOT).as_posix(): path.read_text("utf-8")
        for path in (ROOT / "pii_lint").rglob("*.py")
        if "psycopg.connect(" in path.read_text("utf-8")
    }
    assert len(signing_in) >= 5
    careless = [
        name
        for name, text in signing_in.items()
        if not re.search(r"^ +(refuse_administrators|demand_least_role)\(", text, re.MULTILINE)
    ]
    assert not careless, (
        f"{', '.join(careless)}: call demand_least_role(connection, where) of "
        "pii_lint/warehouse/postgres_store.py, or refuse_administrators, once it is connected."
    )


# --- who states it ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "variable", "holds"),
    [
        (None, "2", "tier 2 (regulated) of PII_LINT_TIER"),
        (1, "3", "tier 3 (air-gapped) of PII_LINT_TIER"),
        (2, "1", "tier 2 (regulated) of pii_lint.yml"),
        (3, "2", "tier 3 (air-gapped) of pii_lint.yml"),
    ],
)
def test_the_stricter_of_policy_and_environment_holds(
    here: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    policy: int | None,
    variable: str,
    holds: str,
) -> None:
    if policy:
        state(here, policy)
    monkeypatch.setenv("PII_LINT_TIER", variable)
    assert main(["scan"]) == 2
    assert holds in capsys.readouterr().err


@pytest.mark.parametrize("variable", ["0", "4", "two", "1.0", "-1", "\x1b[31m2"])
def test_a_variable_that_says_nothing_stops_the_run(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv("PII_LINT_TIER", variable)
    assert main(["scan"]) == 2
    assert capsys.readouterr().err == (
        "error: PII_LINT_TIER must be 1, 2 or 3: set it anew, or take it away.\n"
    )


def test_another_policy_or_another_folder_frees_nobody(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    state(here, 2)
    lax = state(here, 1, "lax.yml")
    elsewhere = here.parent / f"{here.name}-elsewhere"
    elsewhere.mkdir()
    assert main(["scan", "--config", str(lax)]) == 2
    assert "tier 2 (regulated) of pii_lint.yml" in capsys.readouterr().err
    assert main(["salt", "init", "--project-dir", str(elsewhere), "--database", "x.duckdb"]) == 2
    assert "tier 2" in capsys.readouterr().err
    monkeypatch.chdir(elsewhere)
    assert main(["scan", "--manifest", str(here / "target/manifest.json")]) == 2
    assert "tier 2" in capsys.readouterr().err
    assert main(["scan", "--project-dir", str(here)]) == 2
    assert "tier 2" in capsys.readouterr().err
    assert main(["salt", "init", "--project-dir", str(here), "--database", "x.duckdb"]) == 2
    assert "tier 2" in capsys.readouterr().err
    assert not (elsewhere / "x.duckdb").exists()


def test_a_stranger_s_policy_above_the_manifest_says_nothing(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    below = here / "below"
    below.mkdir()
    (below / "dbt_project.yml").write_text("name: shop\n", "utf-8")
    (here / "dbt_project.yml").unlink()
    state(here, 3)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(below)
        main(["scan", "--manifest", "manifest.json"])
    assert "forbids" not in capsys.readouterr().err


def test_a_stricter_policy_may_be_named(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["scan", "--config", str(state(here, 3, "strict.yml"))]) == 2
    assert "tier 3 (air-gapped) of strict.yml" in capsys.readouterr().err


def test_a_folder_without_a_dbt_project_may_have_a_policy(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "dbt_project.yml").unlink()
    state(here, 2)
    assert main(["guard", "apply"]) == 2
    assert "tier 2" in capsys.readouterr().err


def test_a_policy_that_can_t_be_read_stops_what_touches_a_database(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "pii_lint.yml").write_text("version: 1\ntier: [", "utf-8")
    assert main(["guard", "apply"]) == 2
    assert capsys.readouterr().err.startswith("error: pii_lint.yml:3: ")
    assert main(["guard", "ddl"]) == 0


# --- the key ----------------------------------------------------------------------------------


@pytest.mark.parametrize("given", ["0", "4", "'2'", "true", "two", "2.0", "[2]", "", "-1"])
def test_a_tier_that_isn_t_one_is_an_error_with_its_line(
    here: Path, capsys: pytest.CaptureFixture[str], given: str
) -> None:
    state(here, given)
    assert main(["config", "show"]) == 2
    told = capsys.readouterr().err
    assert told.startswith("error: pii_lint.yml:2: `tier` must be the number 1, 2 or 3")


def test_the_tier_is_written_out_and_read_back(here: Path) -> None:
    assert load_config(None, here).tier is None
    assert "tier" not in yaml.safe_load(resolved(load_config(None, here)))
    config = load_config(state(here, 2))
    again = here / "again.yml"
    again.write_text(resolved(config), "utf-8")
    assert replace(load_config(again), file=None).tier is Tier.REGULATED
