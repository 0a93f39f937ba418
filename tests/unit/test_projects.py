"""Whole dbt projects, good and leaky: what stands in each column, judged by a reader beforehand.

`tests/projects/*/expected.yml` is written by thought, never copied from a run. Its keys:

manifests  the dbt runs that make the manifests: a command, and variables for it
exit_code  what `pii-lint check` ends with; `says` is a word of its sentence
inventory  relation -> column -> labels, as `kind:form`, or `kind:form from <origin>`
rows       relation -> labels that decided which rows there are
blind      relations that the report must name as places where sight was lost
errors     columns that carry an error under whatever code
findings   code -> relations or columns, for the codes of `JUDGED`
gaps       test id -> why the linter is known to get it wrong; the expectation stays as it is
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import pytest
import yaml

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
PROJECTS = ROOT / "tests/projects"
INCIDENT = ROOT / "tests/snapshots/incident.markdown"
JUDGED = (
    *("PII001", "PII002", "PII003", "PII004"),
    *("STG001", "STG002", "LAY001", "SRC001", "SRC002", "ACC001"),
    *("TAG001", "TAG002", "TAG003", "TAG004", "SEC001", "SEC002", "SEC004", "DAT001", "DAT002"),
)
WHOLE = "*"


@dataclass(frozen=True)
class Built:
    """A project that dbt has built, and what the command line says of it."""

    home: Path
    manifests: tuple[Path, ...]

    def run(self, command: str, *options: str) -> subprocess.CompletedProcess[str]:
        """`pii-lint`, as a user calls it from anywhere."""
        given = [word for path in self.manifests for word in ("--manifest", str(path))]
        line = [sys.executable, "-m", "pii_lint", command, "--project-dir", str(self.home)]
        # this package, installed or not; UTF-8, whatever the machine speaks
        env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
        return subprocess.run(
            [*line, *given, *options],
            capture_output=True,
            encoding="utf-8",
            env=env,
            check=False,
            cwd=self.home.parent,
        )

    @cached_property
    def checked(self) -> subprocess.CompletedProcess[str]:
        return self.run("check", "--format", "json")

    @cached_property
    def told(self) -> subprocess.CompletedProcess[str]:
        return self.run("check")

    @cached_property
    def listed(self) -> subprocess.CompletedProcess[str]:
        return self.run("inventory", "--format", "json")

    @cached_property
    def report(self) -> Mapping[str, Any]:
        return _json(self.checked)

    @cached_property
    def inventory(self) -> Mapping[str, Any]:
        return _json(self.listed)


def _json(done: subprocess.CompletedProcess[str]) -> Mapping[str, Any]:
    assert done.stdout, done.stderr
    read: Mapping[str, Any] = json.loads(done.stdout)
    return read


def dbt(home: Path, *words: str) -> None:
    """Run dbt in this process, for importing it takes longer than most runs."""
    from dbt.cli.main import dbtRunner

    here = ("--project-dir", str(home), "--profiles-dir", str(home))
    # dbt changes the working directory and leaves it changed
    with contextlib.chdir(home):
        done = dbtRunner().invoke([*words, *here, "--quiet"])
    assert done.success, done.exception or done.result


Build = Callable[[str], Built]


@pytest.fixture(scope="session")
def build(require: Callable[[str], None], tmp_path_factory: pytest.TempPathFactory) -> Build:
    """Build a project by name, once a session, in a copy of its folder."""
    require("dbt")
    require("duckdb")

    @cache
    def build_project(name: str) -> Built:
        home = tmp_path_factory.mktemp("projects") / name
        made = shutil.ignore_patterns("target", "logs", ".user.yml")
        shutil.copytree(PROJECTS / name, home, ignore=made)
        runs = expected(name)["manifests"]
        targets = ["target"] if len(runs) == 1 else [f"target/{i}" for i in range(len(runs))]
        for target, run in zip(targets, runs, strict=True):
            where = ("--target-path", target)
            if run["command"] == "build":
                dbt(home, "seed", *where, "--vars", "{load_raw: true}")
            dbt(home, run["command"], *where, "--vars", json.dumps(run.get("vars", {})))
        several = targets if len(targets) > 1 else []
        return Built(home, tuple(home / target / "manifest.json" for target in several))

    return build_project


@cache
def expected(name: str) -> Mapping[str, Any]:
    read: Mapping[str, Any] = yaml.safe_load((PROJECTS / name / "expected.yml").read_text())
    return read


def names() -> list[str]:
    return sorted(path.parent.name for path in PROJECTS.glob("*/expected.yml"))


def judged() -> list[str]:
    """The projects that get as far as a verdict."""
    return [name for name in names() if expected(name)["exit_code"] < 2]


def case(name: str, *what: str) -> Any:
    """What a test is about, with the reason where the linter is known to get it wrong."""
    test_id = "-".join(what)
    reason = expected(name).get("gaps", {}).get(test_id)
    return pytest.param(
        name, *what, id=test_id, marks=pytest.mark.xfail(reason=reason) if reason else ()
    )


def cases(section: str) -> list[Any]:
    return [case(name, uid) for name in judged() for uid in expected(name).get(section) or ()]


def wanted_findings() -> list[Any]:
    return [
        case(name, place, code)
        for name in judged()
        for code, places in expected(name)["findings"].items()
        for place in places
    ]


def found(built: Built, code: str) -> set[str]:
    """The places of all findings of a rule, written as in `expected.yml`."""
    return {
        finding["node"] + ("" if finding["column"] == WHOLE else f".{finding['column']}")
        for finding in built.report["findings"]
        if finding["code"] == code and not finding["suppressed"]
    }


def spell(label: Mapping[str, Any], origin: bool) -> str:
    """A label of the JSON as `expected.yml` writes it."""
    if label["form"] == "unknown":
        return "unknown"
    form = "equated" if label["equated"] else label["form"]
    return f"{label['kind']}:{form}" + (f" from {label['origin']}" if origin else "")


def spelled(labels: list[Mapping[str, Any]], wanted: list[str]) -> set[str]:
    origin = any(" from " in word for word in wanted)
    return {spell(label, origin) for label in labels}


def in_full(wanted: list[str]) -> set[str]:
    """Short names of kinds (`email`) as the registry calls them in full (`contact.email`)."""
    from pii_lint.data.registry import load_registry

    registry = load_registry()
    pairs = (word.partition(":") for word in wanted)
    # a salt is no kind of personal data
    return {
        (kind if kind == "secret" else registry.resolve(kind)) + colon + form
        for kind, colon, form in pairs
    }


@pytest.mark.parametrize(("name", "uid"), cases("inventory"))
def test_each_column_carries_the_labels_that_reach_it_and_no_other(
    build: Build, name: str, uid: str
) -> None:
    columns: Mapping[str, list[str]] = expected(name)["inventory"][uid]
    held = {
        column.lower(): facts["labels"]
        for column, facts in build(name).inventory["columns"][uid].items()
    }
    labels = {
        column: spelled(held[column.lower()], wanted) if column.lower() in held else None
        for column, wanted in columns.items()
    }
    named = {column.lower() for column in columns}
    labels |= {
        column: spelled(unnamed, [])
        for column, unnamed in held.items()
        if unnamed and column not in named
    }
    assert labels == {column: in_full(wanted) for column, wanted in columns.items()}


@pytest.mark.parametrize(("name", "uid"), cases("rows"))
def test_what_decides_the_rows_is_in_the_inventory(build: Build, name: str, uid: str) -> None:
    signals = build(name).inventory["relations"][uid]["signals"]
    assert spelled(signals, []) == in_full(expected(name)["rows"][uid])


@pytest.mark.parametrize("name", judged())
def test_no_relation_is_left_unjudged(build: Build, name: str) -> None:
    home = build(name).home
    manifest = json.loads(next(home.glob("target/**/manifest.json")).read_text(encoding="utf-8"))
    relations = {
        uid
        for uid, node in manifest["nodes"].items()
        if node["resource_type"] in {"model", "snapshot"} and node["relation_name"]
    }
    assert relations <= set(expected(name)["inventory"])


@pytest.mark.parametrize(("name", "place", "code"), wanted_findings())
def test_each_rule_finds_what_it_should(build: Build, name: str, place: str, code: str) -> None:
    assert code in JUDGED
    assert place in found(build(name), code)


@pytest.mark.parametrize("code", JUDGED)
@pytest.mark.parametrize("name", judged())
def test_no_rule_finds_anything_else(build: Build, name: str, code: str) -> None:
    assert found(build(name), code) <= set(expected(name)["findings"].get(code, ()))


@pytest.mark.parametrize(("name", "column"), cases("errors"))
def test_what_may_stand_nowhere_is_an_error(build: Build, name: str, column: str) -> None:
    assert [
        finding["code"]
        for finding in build(name).report["findings"]
        if f"{finding['node']}.{finding['column']}" == column and finding["severity"] == "error"
    ]


@pytest.mark.parametrize(("name", "uid"), cases("blind"))
def test_lost_sight_is_counted(build: Build, name: str, uid: str) -> None:
    assert uid in {spot["node"] for spot in build(name).report["coverage"]["unknown"]}


@pytest.mark.parametrize("name", names())
def test_the_exit_code_tells_the_verdict(build: Build, name: str) -> None:
    done = build(name).checked
    assert done.returncode == expected(name)["exit_code"], done.stderr
    # Python itself ends with 1 where it can't start
    assert bool(done.stdout) == (name in judged())
    assert expected(name).get("says", "") in done.stderr


@pytest.mark.parametrize("name", judged())
def test_no_value_and_no_literal_is_printed(build: Build, name: str) -> None:
    built = build(name)
    for done in (built.told, built.checked, built.listed, built.run("inventory")):
        said = done.stdout + done.stderr
        assert done.stdout
        assert "canary" not in said.lower()
        literals = ("pepper-in-the-code", "everyone-can-read", "withheld")
        assert not [literal for literal in literals if literal in said]


def test_the_incidents_own_tests_pass_and_the_gate_does_not(build: Build) -> None:
    built = build("wt07")
    ran = json.loads((built.home / "target/run_results.json").read_text(encoding="utf-8"))
    tests = [run["status"] for run in ran["results"] if run["unique_id"].startswith("test.")]
    assert tests
    assert set(tests) == {"pass"}
    assert built.checked.returncode == 1


@pytest.mark.parametrize("column", ["email", "phone", "ssn_last4"])
@pytest.mark.parametrize(
    ("code", "way"),
    [
        ("PII001", ["fct_customer_orders"]),
        ("PII001", ["fct_marketing_reach"]),
        ("PII004", ["fct_customer_orders", "sales_dashboard"]),
        ("PII004", ["fct_marketing_reach", "vendor_mailchimp"]),
        ("PII004", ["fct_marketing_reach", "vendor_salesforce"]),
    ],
    ids=lambda value: value[-1] if isinstance(value, list) else value,
)
def test_the_incidents_path_runs_from_the_source_to_each_mart_and_export(
    build: Build, code: str, way: list[str], column: str
) -> None:
    built = build("wt07")
    finding = next(
        finding
        for finding in built.report["findings"]
        if finding["code"] == code
        and finding["node"].endswith(f".{way[-1]}")
        and finding["column"] == column
    )
    (flow,) = finding["flows"]
    stops = [step["node"].rsplit(".", 1)[1] for step in flow["steps"]]
    assert list(dict.fromkeys(stops)) == ["raw_customers", "stg_customers", *way]
    assert all(stop in built.told.stdout for stop in stops)


def test_the_incident_reached_two_people_in_the_eu_and_canada_is_not_in_it(
    build: Build, tmp_path: Path
) -> None:
    import duckdb

    home = build("wt07").home
    # its own target: the compile of one analysis would replace the manifest of the whole project
    dbt(home, "compile", "--select", "reach_of_the_leak", "--target-path", str(tmp_path))
    (compiled,) = tmp_path.glob("**/reach_of_the_leak.sql")
    with duckdb.connect(str(home / "target/wt07.duckdb")) as warehouse:
        cursor = warehouse.execute(compiled.read_text(encoding="utf-8"))
        header = [column[0] for column in cursor.description]
        rows = [dict(zip(header, row, strict=True)) for row in cursor.fetchall()]
        countries = warehouse.execute(
            "select distinct country from raw_export_log join raw_customers using (customer_id)"
            " join data_protection_areas using (country) where area in ('EU', 'EEA') order by 1"
        ).fetchall()
    assert [row["vendor"] for row in rows] == ["vendor_mailchimp", "vendor_salesforce"]
    assert [str(row["exported_on"]) for row in rows] == ["2024-01-31", "2024-02-07"]
    assert [row["records"] for row in rows] == [5, 5]
    assert [row["records_with_partial_ssn"] for row in rows] == [5, 5]
    assert [row["records_of_eu_eea_residents"] for row in rows] == [2, 2]
    assert [row["records_of_uk_residents"] for row in rows] == [0, 0]
    assert countries == [("FR",), ("IT",)]


def test_the_blast_radius_of_the_incident_is_that_of_the_postmortem_with_canada_put_right(
    build: Build, tmp_path: Path
) -> None:
    import duckdb

    built = build("wt07")
    # a copy, for dbt holds the file as long as this process lives
    with duckdb.connect(str(built.home / "target/wt07.duckdb")) as warehouse:
        warehouse.execute("checkpoint")
    shutil.copy(built.home / "target/wt07.duckdb", tmp_path)
    columns = [f"raw.raw_customers.{name}" for name in ("email", "phone", "ssn_last4")]
    counting = ("--data", "--database", str(tmp_path / "wt07.duckdb"))
    told = _json(built.run("blast-radius", *columns, *counting, "--format", "json"))
    assert {relation["node"] for relation in told["relations"] if relation["mart"]} == {
        "model.wt07.fct_customer_orders",
        "model.wt07.fct_marketing_reach",
    }
    uses = {use["node"]: use for use in told["uses"]}
    assert {name: use["export"] for name, use in uses.items()} == {
        "exposure.wt07.sales_dashboard": False,
        "exposure.wt07.vendor_mailchimp": True,
        "exposure.wt07.vendor_salesforce": True,
    }
    counted = {one["node"]: one["counts"] for one in told["counted"]["uses"]}
    vendors = [counted[f"exposure.wt07.vendor_{name}"] for name in ("mailchimp", "salesforce")]
    assert [vendor["rows"] for vendor in vendors] == [5, 5]
    assert [vendor["kinds"]["government.ssn_last4"] for vendor in vendors] == [5, 5]
    together = told["counted"]["exports"]
    assert (together["rows"], together["subjects"]) == (10, 5)
    assert together["kinds"]["government.ssn_last4"] == 10
    # IT and FR; the postmortem had counted CA as a third
    assert together["residence"] == {"eu": 2, "eea": 0, "uk": 0, "elsewhere": 3, "unknown": 0}
    assert counted["exposure.wt07.sales_dashboard"]["residence"]["uk"] == 1

    report = built.run("blast-radius", *columns, *counting, "--format", "markdown")
    assert report.returncode == 0
    # the digest differs from build to build
    whole = re.sub(r"manifest: \w+, dbt [\d.]+", "manifest: …, dbt …", report.stdout)
    if os.environ.get("WRITE_SNAPSHOTS"):
        INCIDENT.write_text(whole, "utf-8")
    assert whole == INCIDENT.read_text("utf-8")
    assert "10 records" in report.stdout
    assert "### To `Mailchimp`" in report.stdout
    assert "### To `Salesforce`" in report.stdout
    assert "### To `internal BI`" not in report.stdout
    for value in ("canary", "555-0100", "0101"):
        assert value not in report.stdout


def test_what_was_mended_reaches_no_mart_and_no_export(build: Build) -> None:
    built = build("wt07_fixed")
    columns = [f"raw.raw_customers.{name}" for name in ("phone", "ssn_last4")]
    told = _json(built.run("blast-radius", *columns, "--format", "json"))
    reached = {relation["node"] for relation in told["relations"] if relation["mart"]}
    assert not reached
    assert not told["uses"]


def test_the_lasting_test_of_the_fix_would_have_caught_the_incident(
    build: Build, tmp_path: Path
) -> None:
    home = tmp_path / "wt07"
    shutil.copytree(build("wt07").home, home)
    shutil.copytree(PROJECTS / "wt07_fixed/tests", home / "tests")
    with pytest.raises(AssertionError):
        dbt(home, "test", "--select", "assert_no_pii_in_marts")


@pytest.fixture
def full_only(build: Build) -> Built:
    """`shapes` from one manifest: what stands behind `is_incremental()` was never compiled."""
    built = build("shapes")
    return Built(built.home, built.manifests[:1])


def stopped(built: Built) -> set[str]:
    return {
        finding["node"]
        for finding in built.report["findings"]
        if finding["severity"] == "error" and finding["code"] in {"PII001", "PII003"}
    }


def test_a_branch_that_was_not_compiled_is_named_and_not_taken_for_clean(full_only: Built) -> None:
    branches = full_only.report["coverage"]["branches"]
    unread = {branch["node"]: branch["missing"] for branch in branches}
    assert unread["model.shapes.safe_second_branch"]
    assert "model.shapes.safe_second_branch" in stopped(full_only)
    # nothing labelled stands anywhere near it, so nothing can hide in the branch
    assert "model.shapes.safe_teams" not in stopped(full_only)


def test_who_reads_a_model_with_an_unread_branch_is_not_taken_for_clean(full_only: Built) -> None:
    assert "model.shapes.safe_places" in stopped(full_only)


def test_both_branches_compiled_leave_no_branch_unread(build: Build) -> None:
    branches = build("shapes").report["coverage"]["branches"]
    assert branches
    assert not [branch["node"] for branch in branches if branch["missing"]]


def test_another_salt_changes_what_is_called_a_pseudonym_and_nothing_else(build: Build) -> None:
    import duckdb

    home = build("masks").home
    manifest = json.loads((home / "target/manifest.json").read_text(encoding="utf-8"))
    queries = {
        uid: manifest["nodes"][uid]["compiled_code"]
        for uid in expected("masks")["inventory"]
        if uid not in {"model.masks.salt_shown"}
    }

    def held(warehouse: duckdb.DuckDBPyConnection) -> Mapping[str, tuple[object, ...]]:
        # the third person has no address, and a default in its place depends on nothing
        return {
            f"{uid}.{column}": tuple(
                warehouse.execute(
                    f'select "{column}" from ({query}) where person_id < 3 order by person_id'
                ).fetchall()
            )
            for uid, query in queries.items()
            for column in expected("masks")["inventory"][uid]
        }

    with duckdb.connect(str(home / "target/masks.duckdb")) as warehouse:
        before = held(warehouse)
        warehouse.begin()
        # the first letter stays: a salt that enters with one letter is no salt
        warehouse.execute("update main.salt set salt = left(salt, 1) || 'ot-the-same-at-all'")
        after = held(warehouse)
        warehouse.rollback()
    changed = {
        column
        for column, values in before.items()
        if all(value != other for value, other in zip(values, after[column], strict=True))
    }
    touched = {column for column, values in before.items() if values != after[column]}
    forms = {
        f"{uid}.{column}": {word.split(":")[1] for word in labels} - {"signal"}
        for uid in queries
        for column, labels in expected("masks")["inventory"][uid].items()
    }
    assert {column for column, found in forms.items() if found == {"pseudonym"}} <= changed
    assert not {column for column in touched if forms[column] and "pseudonym" not in forms[column]}


def test_diff_of_the_incident_and_its_fix_says_what_came_and_what_went(build: Build) -> None:
    def diff(base: str, head: str) -> tuple[int, Mapping[str, Any]]:
        manifests = [str(build(name).home / "target/manifest.json") for name in (base, head)]
        line = [sys.executable, "-m", "pii_lint", "diff", *manifests, "--format", "json"]
        env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
        done = subprocess.run(line, capture_output=True, encoding="utf-8", env=env, check=False)
        return done.returncode, _json(done)

    leaked = {
        (f"{node}.{column}", f"raw_customers.{column}")
        for node in (
            *("fct_customer_orders", "fct_marketing_reach", "stg_customers"),
            *("sales_dashboard", "vendor_mailchimp", "vendor_salesforce"),
        )
        for column in ("email", "phone", "ssn_last4")
    }
    for base, head, change, code in (
        ("wt07_fixed", "wt07", "new", 1),
        ("wt07", "wt07_fixed", "fixed", 0),
    ):
        returned, told = diff(base, head)
        assert returned == code
        assert not told["weakened"]
        assert {flow["change"] for flow in told["flows"]} == {change}
        flows = {
            (
                f"{flow['node'].rpartition('.')[2]}.{flow['column']}",
                flow["origin"].partition(".raw.")[2],
            )
            for flow in told["flows"]
            if flow["origin"]
        }
        assert flows == leaked
