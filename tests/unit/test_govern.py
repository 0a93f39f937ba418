"""`pii-lint govern ddl`: what the warehouse should enforce, as SQL."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from pii_lint.cli import main
from pii_lint.governance.changes import changes
from pii_lint.governance.dialects import DIALECTS
from pii_lint.governed import Access
from pii_lint.options import Options
from pii_lint.pipeline.access import access
from tests.governed_shop import POLICY, shop
from tests.unit.test_formats import SNAPSHOTS

DIALECT = pytest.mark.parametrize("dialect", sorted(DIALECTS))


def of(folder: Path, *builders: str) -> Access:
    return access(Options(project_dir=folder), builders)


@DIALECT
@pytest.mark.parametrize("part", ["ddl", "log"])
def test_the_whole_output_is_as_it_was_agreed(tmp_path: Path, dialect: str, part: str) -> None:
    found = of(shop(tmp_path, adapter=dialect), "transformer")
    engine = DIALECTS[dialect]
    told = engine.ddl(found) if part == "ddl" else engine.access_log(found)
    path = SNAPSHOTS / f"govern.{dialect}.{part}"
    if os.environ.get("WRITE_SNAPSHOTS"):
        path.write_text(told, "utf-8")
    assert told == path.read_text("utf-8")


@DIALECT
def test_every_object_that_is_named_is_in_the_inventory(tmp_path: Path, dialect: str) -> None:
    found = of(shop(tmp_path, adapter=dialect), "transformer")
    known = {
        *(name for one in found.relations for name in (one.database, one.schema, one.name)),
        *(column.name for one in found.relations for column in one.columns),
        *found.roles,
        *found.builders,
    }
    told = (SNAPSHOTS / f"govern.{dialect}.ddl").read_text("utf-8")
    mark = DIALECTS[dialect].names.mark
    named = set(re.findall(f"{mark}([^{mark}\n]+){mark}", told))
    assert {"CUSTOMERS", "SUPPORT"} <= {name.upper() for name in named}
    lower = {name.lower() for name in known if name} | DIALECTS[dialect].own
    strangers = {name for name in named if name.lower() not in lower}
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
    until: 2027-01-01
""",
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
