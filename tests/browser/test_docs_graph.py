"""dbt's docs site as an auditor uses it: its graph filtered by a tag, and its page of an export."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.browser.conftest import Open
from tests.warehouse import REPOSITORY, Warehouse

if TYPE_CHECKING:
    from playwright.sync_api import Page

READABLE = {"clear", "partial"}
SELECTED = "#!/overview?g_v=1&g_i=tag:pii"
_DRAWN = """() => {
    const cy = document.querySelector('#cy')?._cyreg?.cy;
    const drawn = cy ? cy.nodes(':visible') : [];
    // what isn't laid out yet stands nowhere
    return drawn.length && drawn.every(n => n.renderedBoundingBox().w > 0)
        ? drawn.map(n => n.id()) : null;
}"""


def site(warehouse: Warehouse) -> Path:
    """The site as `make docs` writes it."""
    return warehouse.target_dir / "static_index.html"


def drawn(page: Page) -> set[str]:
    """The nodes that the graph shows."""
    return set(page.wait_for_function(_DRAWN).json_value())


def holding(warehouse: Warehouse) -> set[str]:
    """What holds readable personal data, asked of the inventory."""
    words = ["inventory", "--format", "json", "--config", REPOSITORY / "pii_lint.yml"]
    done = subprocess.run(
        [sys.executable, "-m", "pii_lint", *words, "--project-dir", warehouse.project_dir],
        capture_output=True,
        check=True,
    )
    return {
        uid
        for uid, columns in json.loads(done.stdout)["columns"].items()
        for column in columns.values()
        if any(one["form"] in READABLE and one["kind"] != "secret" for one in column["labels"])
    }


def test_the_graph_filtered_by_the_tag_shows_just_what_holds_readable_personal_data(
    built_warehouse: Warehouse, open_page: Open
) -> None:
    page = open_page(site(built_warehouse), SELECTED)
    shown = drawn(page)
    assert shown == holding(built_warehouse)
    # raw tables and restricted marts, and nothing that everybody may read
    assert "source.acme.raw.raw_customers" in shown
    assert "model.acme.mart_customer_contact" in shown
    assert "model.acme.fct_customer_orders" not in shown


def test_the_tag_typed_by_hand_shows_the_same(built_warehouse: Warehouse, open_page: Open) -> None:
    page = open_page(site(built_warehouse))
    page.get_by_title("View Lineage Graph").click()
    everything = drawn(page)
    box = page.locator("input[placeholder='...']").first
    box.fill("tag:pii")
    page.get_by_text("Update Graph").or_(page.locator("input[value='Update Graph']")).click()
    page.wait_for_function(
        f"document.querySelector('#cy')._cyreg.cy.nodes(':visible').length < {len(everything)}"
    )
    assert drawn(page) == holding(built_warehouse)


def test_a_tag_too_few_and_one_too_many_are_seen_there(
    built_warehouse: Warehouse, tmp_path: Path, open_page: Open
) -> None:
    changed = Warehouse(tmp_path / "acme")
    shutil.copytree(built_warehouse.project_dir, changed.project_dir)
    changed.edit(
        "models/marts/restricted/mart_customer_contact.yml",
        "      tags: [pii]\n      meta: {contains_pii: true",
        "      meta: {contains_pii: true",
    )
    changed.edit(
        "models/marts/safe/fct_customer_orders.yml",
        "      meta: {data_classification: internal}",
        "      tags: [pii]\n      meta: {data_classification: internal}",
    )
    assert changed.run(["docs", "generate", "--static", "--empty-catalog"]).success
    shown, held = drawn(open_page(site(changed), SELECTED)), holding(changed)
    assert held - shown == {"model.acme.mart_customer_contact"}
    assert shown - held == {"model.acme.fct_customer_orders"}


def test_the_page_of_an_export_shows_who_signed_for_what(
    built_warehouse: Warehouse, open_page: Open
) -> None:
    page = open_page(site(built_warehouse), "#!/exposure/exposure.acme.vendor_mailchimp")
    details = page.locator(".panel-body", has_text="sign_off").first.inner_text()
    for word in ("Mailchimp", "Data protection office", "2026-07-01", "2027-06-30", "pseudonym"):
        assert word in details


def test_the_page_of_a_dashboard_shows_no_sign_off(
    built_warehouse: Warehouse, open_page: Open
) -> None:
    page = open_page(site(built_warehouse), "#!/exposure/exposure.acme.operations_dashboard")
    page.get_by_text("internal BI").wait_for()
    assert "approved_by" not in page.inner_text("body")
