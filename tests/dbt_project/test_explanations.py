"""The linter's answers about the warehouse, as somebody asks for them."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import pytest

from pii_lint.cli import main
from tests.unit.test_formats import SNAPSHOTS

if TYPE_CHECKING:
    from tests.warehouse import Warehouse

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    "column",
    [
        "mart_customer_contact.email",
        "fct_marketing_reach.email_hash",
        "mart_organization_daily.active_user_count",
        "int_events_enriched.metadata_page",
    ],
    ids=["dirty", "masked", "clean", "clean for want of a key"],
)
def test_a_column_is_explained(
    built_warehouse: Warehouse, capsys: pytest.CaptureFixture[str], column: str
) -> None:
    assert main(["explain", column, "--project-dir", str(built_warehouse.project_dir)]) == 0
    told = capsys.readouterr().out
    path = SNAPSHOTS / f"explain.{column}"
    if os.environ.get("WRITE_SNAPSHOTS"):
        path.write_text(told, "utf-8")
    assert told == path.read_text("utf-8")


def test_every_column_of_the_warehouse_can_be_explained(
    built_warehouse: Warehouse, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = ["--project-dir", str(built_warehouse.project_dir)]
    assert main(["inventory", *folder]) == 0
    listed = capsys.readouterr().out
    relation, asked = "", []
    for line in listed.splitlines():
        if found := re.match(r"(\w+\.[\w.]+) \(", line):
            relation = found[1]
        elif (found := re.match(r"  (\w+) ", line)) and found[1] != "rows":
            asked.append(f"{relation}.{found[1]}")
    for column in sorted(set(asked))[::12]:
        assert main(["explain", column, *folder]) == 0, column
    assert len(asked) > 150
