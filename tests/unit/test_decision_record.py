"""Keys, triggers, alerts and documents say the same: none may change without the others."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from pii_lint.data import payloads
from pii_lint.data.names import json_key_categories
from pii_lint.guard.database import names
from pii_lint.guard.database.ddl import down, up
from pii_lint.guard.database.plan import plan

REPO = Path(__file__).parents[2]
RECORD = (REPO / "docs/adr" / payloads.reference()).read_text("utf-8")
RUNBOOK = (REPO / "docs/runbook.md").read_text("utf-8")
RULES = yaml.safe_load((REPO / "ops/prometheus/pii_defense.yml").read_text("utf-8"))


def rows(text: str, head: str) -> list[list[str]]:
    """The cells of a table whose head begins so."""
    table = text.partition(f"\n| {head} |")[2].partition("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table]


def named(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def test_the_record_lists_the_registry_s_keys() -> None:
    assert {category: named(keys) for category, keys in rows(RECORD, "category")} == {
        category: list(keys) for category, keys in json_key_categories().items()
    }
    assert f"{len(payloads.blocklist())} keys on three surfaces" in RECORD
    assert f"{len(payloads.enforcement_points())} enforcement points" in RECORD


def test_the_record_lists_the_triggers_and_functions() -> None:
    asked = plan()
    assert [named(row[0])[0] for row in rows(RECORD, "surface")] == [
        surface.name for surface in asked.surfaces
    ]
    assert [row[1] for row in rows(RECORD, "surface")] == [each.risk for each in asked.surfaces]
    assert [named(row[2])[0] for row in rows(RECORD, "surface")] == [
        trigger.name for trigger in asked.triggers
    ]
    for row in rows(RECORD, "surface"):
        assert named(row[3]) == [names.DETECT, names.ENFORCE]


def test_the_sql_makes_what_the_record_lists() -> None:
    made, gone = up(plan()), down(plan())
    for row in rows(RECORD, "surface"):
        assert f'create or replace trigger "{named(row[2])[0]}"' in made
        assert f'drop trigger if exists "{named(row[2])[0]}"' in gone
    for key in payloads.blocklist():
        assert f"'{key.plain}'" in made


def test_the_record_s_three_risks_and_four_prohibitions_stand() -> None:
    assert [row[0] for row in rows(RECORD, "risk")] == [
        "PII in values past Layer 2",
        "Blocklist incomplete",
        "Trigger bypass by a privileged role",
    ]
    forbidden = RECORD.partition("## Not without amending this record")[2].partition("\n## ")[0]
    assert len(re.findall(r"^- ", forbidden, re.MULTILINE)) == 4


def alerts() -> list[dict[str, object]]:
    (group,) = RULES["groups"]
    assert (group["name"], group["interval"]) == ("pii_defense", "5m")
    return list(group["rules"])


def test_the_runbook_names_each_alert_with_its_severity() -> None:
    told = {row[0]: row[2] for row in rows(RUNBOOK, "alert")}
    first: dict[str, str] = {}
    for rule in alerts():
        labels = rule["labels"]
        assert isinstance(labels, dict)
        first.setdefault(str(rule["alert"]), str(labels["severity"]))
    assert first == told
    assert len(told) == 5


@pytest.mark.parametrize("rule", alerts(), ids=lambda each: str(each["alert"]))
def test_each_alert_carries_what_the_group_promises(rule: dict[str, dict[str, str]]) -> None:
    assert {"severity", "component", "layer"} <= set(rule["labels"])
    assert rule["labels"]["component"] == "pii_defense"
    assert set(rule["annotations"]) == {"summary", "description", "runbook_url"}
    page, _, anchor = rule["annotations"]["runbook_url"].partition("#")
    heads = re.findall(r"^#+ (.+)$", (REPO / page).read_text("utf-8"), re.MULTILINE)
    assert anchor in {head.lower().replace(" ", "-") for head in heads}
