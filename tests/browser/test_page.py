"""The page in a real browser: what an auditor sees, does, and can't be made to see."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pii_lint.cli import main
from pii_lint.reports import plain
from tests.browser.moving import go, moving
from tests.unit.test_cli import SOURCE, manifest
from tests.unit.test_formats import HOSTILE

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser.conftest import Inspect, Open, Watch, Written

pytestmark = pytest.mark.slow

DESK = {"viewport": {"width": 1440, "height": 900}}
# what JSON can't hold no manifest can
NAMES = [
    *(name for name in HOSTILE if name != "\ud800"),
    *("</script><script>alert(1)</script>", "<!--<script>", "a\u2028b", "]]>", "constructor"),
]
VIEWS = (
    "#overview",
    "#lineage",
    "#column=fct_marketing_reach.email_hash",
    "#relation=raw.raw_customers",
    "#inventory",
    "#findings",
    "#proof",
    "#proof=mart_event_type_volume",
)


def rows(page: Page) -> int:
    return page.locator("tbody tr").count()


def boxes(page: Page) -> list[str]:
    return page.locator(".box:not(.fold) .node .title").all_inner_texts()


# --- the first screen ---


def test_the_first_screen_says_what_check_says(
    open_page: Open, acme_page: Path, wt07_page: Path, acme: Path, wt07: Path
) -> None:
    for file, project, verdict in (
        (acme_page, acme, "The gate passes"),
        (wt07_page, wt07, "The gate fails"),
    ):
        assert main(["check", "--project-dir", str(project)]) == (verdict == "The gate fails")
        page = open_page(file, **DESK)
        assert page.inner_text("h1") == verdict
        for heading in ("Findings", "Coverage", "Exceptions", "Where data leaves", "What was read"):
            assert page.get_by_role("heading", name=heading, exact=True).is_visible()


def test_the_first_screen_counts_zones_and_reviews(open_page: Open, acme_page: Path) -> None:
    page = open_page(acme_page, **DESK)
    zones = [zone.inner_text().split() for zone in page.locator(".zone").all()]
    assert [zone[0].lower() for zone in zones] == [
        *("raw", "staging", "intermediate", "restricted", "safe", "export"),
    ]
    safe = " ".join(zones[4])
    assert safe.startswith("Safe 6 relations")
    assert "1 pseudonym" in safe
    assert "clear" not in safe
    assert "0 never reviewed" in page.inner_text("main")


def test_exposures_stand_there_with_owner_and_sign_off(open_page: Open, acme_page: Path) -> None:
    page = open_page(acme_page, **DESK)
    row = page.get_by_role("row").filter(has_text="vendor_mailchimp")
    assert "Growth" in row.inner_text()
    assert "signed" in row.locator(".state").inner_text()
    assert "until 2027-06-30" in row.inner_text()


def test_nothing_is_shown_where_scripts_may_not_run(open_page: Open, acme_page: Path) -> None:
    page = open_page(acme_page, java_script_enabled=False)
    assert "allow scripts" in page.inner_text("main")


# --- lineage ---


def test_a_column_of_a_mart_shows_its_way_back_with_each_expression(
    open_page: Open, acme_page: Path
) -> None:
    page = open_page(acme_page, "#lineage", **DESK)
    with moving(page):
        page.get_by_role("button", name="fct_marketing_reach").click()
    with moving(page):
        page.locator(".detail .columns a", has_text="email_hash").click()
    assert page.inner_text(".detail h2") == "email_hash"
    hops = page.locator(".way li").all_inner_texts()
    assert [hop.split()[0] for hop in hops] == [
        "fct_marketing_reach.email_hash",
        "int_customer_consents.email_hash",
        "stg_customers.email_hash",
        "raw.raw_customers.email",
    ]
    assert "sha256(cast(email as varchar)" in hops[2]
    assert "models/staging/stg_customers.sql:" in hops[2]
    assert [form for form in ("pseudonym", "clear") if form in hops[3]] == ["clear"]
    assert set(boxes(page)) == {
        *("raw.raw_customers", "stg_customers", "int_customer_consents", "fct_marketing_reach"),
        *("vendor_mailchimp", "vendor_salesforce"),
    }
    assert page.locator(".wire.lit.pseudonym").count() == 5


def test_a_clean_column_says_what_it_is_made_of(open_page: Open, acme_page: Path) -> None:
    page = open_page(acme_page, "#column=mart_event_type_volume.user_count", **DESK)
    assert "No personal data arrives in it" in page.inner_text(".detail")
    tree = page.inner_text(".tree")
    assert "count(distinct user_id)" in tree
    assert "raw.raw_event.user_id" in tree
    assert "declared clean" in tree


def test_the_blast_radius_is_that_of_the_command(
    open_page: Open, wt07_page: Path, wt07: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    for column in ("email", "ssn_last4", "country"):
        asked = f"raw.raw_customers.{column}"
        line = ["blast-radius", asked, "--project-dir", str(wt07), "--format", "json"]
        assert main(line) == 0
        told = json.loads(capsys.readouterr().out)
        if not told["asked"][0]["tagged"]:
            continue
        reached = {one["node"].rpartition(".")[2] for one in told["relations"]}
        uses = {one["node"].rpartition(".")[2] for one in told["uses"]}
        assert reached
        page = open_page(wt07_page, f"#column={asked}", **DESK)
        assert set(boxes(page)) == {"raw.raw_customers", *reached, *uses}


def test_forms_differ_without_colour(open_page: Open, acme_page: Path) -> None:
    page = open_page(acme_page, "#lineage", **DESK)
    forms = page.locator(".legend li").all()
    drawn = [
        form.locator("path").evaluate(
            "path => { const s = getComputedStyle(path);"
            " return [s.strokeDasharray, s.strokeWidth].join() }"
        )
        for form in forms
    ]
    shapes = page.locator(".legend .form i").all_inner_texts()
    assert len(forms) == len(set(drawn)) == len(set(shapes)) == 7


def test_a_relation_is_found_by_its_box_and_left_again(open_page: Open, acme_page: Path) -> None:
    page = open_page(acme_page, "#lineage", **DESK)
    box = page.get_by_role("button", name="stg_users")
    with moving(page):
        box.click()
    assert page.url.endswith("#relation=stg_users")
    assert page.get_by_role("button", name="stg_users").get_attribute("aria-pressed") == "true"
    assert "models/staging/stg_users.sql" in page.inner_text(".detail")
    with moving(page):
        page.go_back()
    assert page.url.endswith("#lineage")
    assert not page.locator(".detail h2").count()


# --- the proof ---


def test_a_mart_is_proven_free_on_one_screen(open_page: Open, acme_page: Path) -> None:
    page = open_page(acme_page, "#proof=mart_event_type_volume", **DESK)
    assert page.inner_text("h1") == "Yes"
    said = page.inner_text("main")
    for word in (
        "Is mart_event_type_volume free of personal data?",
        "raw.raw_event.event_type declared clean",
        "count(distinct user_id)",
        "raw.raw_event.metadata",
        "does not arrive",
        "Every source column on the way was tagged or declared clean",
        "int_events_enriched: one branch only",
        "operations_dashboard",
    ):
        assert word in said
    assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")


def test_a_proof_names_the_masks_and_how_they_hold(open_page: Open, acme_page: Path) -> None:
    page = open_page(acme_page, "#proof=fct_marketing_reach", **DESK)
    assert page.inner_text("h1") == "No"
    assert "pseudonyms" in page.inner_text(".verdict")
    mask = page.get_by_role("region", name="Masks").get_by_role("row").nth(1).inner_text()
    for word in ("stg_customers", "sha256", "raw_customers.email", "keyed", "pii_salt"):
        assert word in mask
    stopped = page.get_by_role("region", name="What could have come").inner_text()
    assert "raw.raw_customers.ssn_last4" in stopped
    assert "stg_customers.phone_hash" in stopped


def test_a_leaking_mart_is_not_proven(open_page: Open, wt07_page: Path) -> None:
    page = open_page(wt07_page, "#proof=fct_marketing_reach", **DESK)
    assert page.inner_text("h1") == "No"
    assert "can be read: clear" in page.inner_text(".verdict")


# --- the inventory ---


def exported(page: Page) -> str:
    with page.expect_download() as download:
        page.get_by_role("button", name="Export CSV").click()
    assert download.value.suggested_filename == "record-of-processing.csv"
    return Path(download.value.path()).read_bytes().decode()


def test_the_export_is_the_record_that_the_command_writes(
    open_page: Open, acme_page: Path, wt07_page: Path, acme: Path, wt07: Path, tmp_path: Path
) -> None:
    for file, project in ((acme_page, acme), (wt07_page, wt07)):
        record = tmp_path / "record.csv"
        line = ["inventory", "--project-dir", str(project), "--format", "csv"]
        assert main([*line, "--output", str(record)]) == 0
        assert exported(open_page(file, "#inventory")) == record.read_bytes().decode()


def test_filters_narrow_the_table_the_export_and_the_address(
    open_page: Open, acme_page: Path
) -> None:
    page = open_page(acme_page, "#inventory", **DESK)
    whole = rows(page)
    page.get_by_label("form").select_option("pseudonym")
    masked = rows(page)
    assert 0 < masked < whole
    page.get_by_label("zone").select_option("safe")
    assert rows(page) == 1
    page.get_by_label("zone").select_option("all")
    page.get_by_label("kind").select_option("contact.email")
    page.get_by_label("model").fill("stg_")
    assert 0 < rows(page) < masked
    assert exported(page).count("\n") == rows(page) + 1
    address = page.url
    assert address.endswith("#inventory&form=pseudonym&kind=contact.email&model=stg_")
    again = open_page(acme_page, "#" + address.partition("#")[2], **DESK)
    assert rows(again) == rows(page)
    assert again.get_by_label("kind").input_value() == "contact.email"


def test_clean_columns_are_listed_on_demand(open_page: Open, acme_page: Path) -> None:
    page = open_page(acme_page, "#inventory&form=clean&model=mart_event_type_volume")
    assert page.locator("tbody th").all_inner_texts() == [
        *("event_type", "event_date", "event_count", "user_count"),
    ]


def test_filters_narrow_lineage_and_findings(open_page: Open, wt07_page: Path) -> None:
    page = open_page(wt07_page, "#lineage", **DESK)
    whole = len(boxes(page))
    page.get_by_label("model").fill("fct_marketing")
    assert 0 < len(boxes(page)) < whole
    page = open_page(wt07_page, "#findings", **DESK)
    every = page.locator(".rows > li").count()
    page.get_by_label("kind").select_option("contact.phone")
    found = page.locator(".rows > li")
    assert 0 < found.count() < every
    page.get_by_label("model").fill("nothing is called so")
    assert page.inner_text("main").endswith("Nothing fits.")


# --- getting about ---


def test_links_lead_deep(open_page: Open, acme_page: Path) -> None:
    page = open_page(acme_page, "#column=stg_events.event_type")
    assert page.inner_text(".detail h2") == "event_type"
    for fragment, heading in (
        ("#column=stg_users.email_hash", "email_hash"),
        ("#column=STG_USERS.EMAIL_HASH", "email_hash"),
        ("#column=model.acme.stg_users.email_hash", "email_hash"),
        ("#column=raw.raw_user.email", "email"),
        ("#relation=raw.raw_user", "raw.raw_user"),
    ):
        go(page, fragment)
        assert page.inner_text(".detail h2") == heading, fragment
    for fragment in ("#column=stg_users.nothing", "#column=%E0%A4%A", "#proof=no", "#constructor"):
        go(page, fragment)
        assert page.inner_text("h1") == "Nothing of that name", fragment


def test_the_page_can_be_walked_by_keyboard(open_page: Open, acme_page: Path) -> None:
    page = open_page(acme_page, **DESK)
    focused = "document.activeElement.innerText || document.activeElement.id"
    page.keyboard.press("Tab")
    assert page.evaluate(focused) == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.focus("#query")
    page.keyboard.type("email_ha")
    assert "found" in page.inner_text("#said")
    page.keyboard.press("ArrowDown")
    assert "email_hash" in page.evaluate(focused)
    with moving(page):
        page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.tagName + document.activeElement.innerText") == (
        "H2email_hash"
    )
    assert page.title().endswith(".email_hash · acme")
    go(page, "#lineage")
    page.locator(".canvas").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.wait_for_function("location.hash.startsWith('#relation=')")
    page.focus("#query")
    page.keyboard.press("Escape")
    assert not page.is_visible("#found")


def test_search_leads_to_marts_and_columns(open_page: Open, acme_page: Path) -> None:
    page = open_page(acme_page)
    page.fill("#query", "mart_event")
    assert page.locator("#found a").first.get_attribute("href") == "#proof=mart_event_type_volume"
    page.fill("#query", "nothing is called so")
    assert page.inner_text("#said") == "nothing found"
    assert not page.is_visible("#found")


def test_axe_finds_nothing_serious(
    open_page: Open, acme_page: Path, wt07_page: Path, inspect: Inspect
) -> None:
    found: list[str] = []
    page = open_page(acme_page, reduced_motion="reduce", **DESK)
    for view in VIEWS:
        go(page, view)
        found += [f"{view} {one}" for one in inspect(page)]
    page = open_page(wt07_page, viewport={"width": 390, "height": 844})
    for view in ("#overview", "#column=fct_marketing_reach.email", "#proof=fct_marketing_reach"):
        go(page, view)
        found += [f"wt07, narrow {view} {one}" for one in inspect(page)]
    assert not found


def test_axe_finds_enough_contrast_in_the_dark(
    open_page: Open, acme_page: Path, wt07_page: Path, inspect: Inspect
) -> None:
    found: list[str] = []
    for file, views in ((acme_page, VIEWS), (wt07_page, ("#overview", "#lineage", "#findings"))):
        page = open_page(file, color_scheme="dark", reduced_motion="reduce", **DESK)
        for view in views:
            go(page, view)
            found += [f"{view} {one}" for one in inspect(page, "color-contrast")]
    assert not found


def test_a_narrow_window_never_scrolls_sideways(open_page: Open, acme_page: Path) -> None:
    page = open_page(acme_page, viewport={"width": 390, "height": 844})
    for view in VIEWS:
        go(page, view)
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= 390, view


def test_paper_shows_the_content_and_no_controls(open_page: Open, acme_page: Path) -> None:
    page = open_page(acme_page, "#column=fct_marketing_reach.email_hash", **DESK)
    assert page.is_visible("nav")
    page.emulate_media(media="print")
    for gone in ("nav", "#search", ".filters"):
        assert not page.is_visible(gone)
    assert page.is_visible(".way")
    assert page.locator(".wire.lit").count() == 5
    assert len(page.pdf(format="A4")) > 10_000


# --- what it can't be made to do ---


def test_the_policy_refuses_whatever_is_not_the_file(
    open_page: Open, watch: Watch, acme_page: Path
) -> None:
    page = open_page(acme_page)
    page.evaluate(
        """() => {
            window.refused = [];
            addEventListener('securitypolicyviolation', e => refused.push(e.effectiveDirective));
            const script = document.createElement('script');
            script.textContent = 'window.ran = 1';
            const style = document.createElement('style');
            style.textContent = 'body { outline: 1px solid red }';
            const image = new Image();
            image.src = 'https://stranger.example/pixel.png';
            const button = document.createElement('button');
            button.setAttribute('onclick', 'window.ran = 2');
            const frame = document.createElement('iframe');
            frame.src = 'https://stranger.example/';
            document.body.append(script, style, image, button, frame);
            button.click();
            return fetch('https://stranger.example/').catch(() => {});
        }"""
    )
    page.wait_for_function("refused.length >= 6")
    refused = set(page.evaluate("refused"))
    assert page.evaluate("window.ran") is None
    assert {"script-src-elem", "style-src-elem", "img-src", "script-src-attr"} <= refused
    assert {"frame-src", "connect-src"} <= refused
    watch.clear()


@pytest.fixture(scope="module")
def hostile_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Whatever a stranger may name is named to do harm."""
    folder = tmp_path_factory.mktemp("hostile")
    content = json.loads(json.dumps(manifest("select * from shop.raw.customers")))
    source = content["sources"][SOURCE]
    meta = {"pii": True, "pii_type": "email"}
    for number, name in enumerate(NAMES):
        source["columns"][name] = {"name": name, "meta": meta, "quote": True}
        content["exposures"][f"exposure.shop.{number}"] = {
            "name": name,
            "type": "application",
            "package_name": "shop",
            "original_file_path": f"models/{name}.yml",
            "owner": {"name": name},
            "meta": {"destination": name},
            "depends_on": {"nodes": ["model.shop.fct_reach"]},
        }
        content["nodes"][f"model.shop.m{number}"] = content["nodes"]["model.shop.fct_reach"] | {
            "unique_id": f"model.shop.m{number}",
            "name": name,
            "alias": f"m{number}",
            "original_file_path": f"models/marts/safe/{name}.sql",
            "relation_name": f'"shop"."main"."m{number}"',
            "config": {"meta": {"owner": name}},
        }
    (folder / "manifest.json").write_text(json.dumps(content), "utf-8")
    page = folder / "page.html"
    line = ["report", "--manifest", str(folder / "manifest.json"), "--output", str(page)]
    assert main(line) == 0
    return page


def test_hostile_names_stay_text(open_page: Open, hostile_page: Path) -> None:
    dialogs: list[str] = []
    page = open_page(hostile_page, **DESK)
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    markup = "document.querySelectorAll('img, main b, iframe, main script, [onerror]').length"
    for view in ("#overview", "#lineage", "#inventory", "#findings", "#proof"):
        go(page, view)
        assert page.evaluate(markup) == 0, view
        told = page.evaluate("document.getElementById('main').textContent")
        assert not set(told) & set("\x1b\x07\u202e\u200b\u2066\u2028"), view
        assert plain(HOSTILE[0]) in told, view
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), view
    for name in NAMES:
        page.evaluate(
            "name => { location.hash = `#relation=${encodeURIComponent(name)}` }", plain(name)
        )
        page.wait_for_function(
            "name => document.title.startsWith(name)", arg=plain(name)[:40].strip()
        )
    assert not dialogs


def test_the_same_project_gives_the_same_page(
    acme: Path, acme_page: Path, report: Written, require: Callable[[str], None]
) -> None:
    assert report(acme, "--no-cache").read_bytes() == acme_page.read_bytes()
