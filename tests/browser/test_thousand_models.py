"""The page of a thousand models: what is folded, what is found, how large it is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.bench import manifest
from tests.bench.project import warehouse
from tests.browser.moving import go, moving

if TYPE_CHECKING:
    from tests.browser.conftest import Inspect, Open, Written

pytestmark = pytest.mark.slow

DESK = {"viewport": {"width": 1440, "height": 900}}
MEGABYTE = 1_000_000


@pytest.fixture(scope="module")
def thousand_page(tmp_path_factory: pytest.TempPathFactory, report: Written) -> Path:
    folder = tmp_path_factory.mktemp("thousand")
    manifest.write(warehouse(1000, 1.0), folder)
    return report(folder)


def test_it_is_one_small_file(thousand_page: Path) -> None:
    assert thousand_page.stat().st_size < 3 * MEGABYTE


def test_what_matters_is_shown_and_the_rest_is_folded(open_page: Open, thousand_page: Path) -> None:
    page = open_page(thousand_page, "#lineage", **DESK)
    first = page.locator(".box").count()
    assert 10 < first < 60
    assert page.locator(".box.safe .severity.error").count() >= 5
    fold = page.locator(".box.fold").first
    fold.locator("button").click()
    folders = page.locator(".box.fold").count()
    assert folders > 20
    page.locator(".box.fold .title", has_text="in d0").first.click()
    assert page.locator(".box").count() > first
    assert "folded" in page.inner_text("#shown")


def test_a_column_is_followed_both_ways(open_page: Open, thousand_page: Path) -> None:
    page = open_page(thousand_page, "#findings&zone=safe&form=clear", **DESK)
    with moving(page):
        page.locator(".rows a.name").first.click()
    assert page.locator(".way li").count() >= 2
    source = page.locator(".way li").last.locator("a")
    with moving(page):
        source.click()
    assert "Goes on to" in page.inner_text(".detail")
    assert page.locator(".wire.lit.clear").count() >= 1


def test_a_long_table_comes_in_parts(open_page: Open, thousand_page: Path) -> None:
    page = open_page(thousand_page, "#inventory", **DESK)
    assert page.locator("tbody tr").count() == 200
    page.get_by_role("button", name="Show 200 more").click()
    assert page.locator("tbody tr").count() == 400
    page.get_by_label("form").select_option("clean")
    assert page.locator("tbody tr").count() == 200


def test_axe_finds_nothing_serious(open_page: Open, thousand_page: Path, inspect: Inspect) -> None:
    page = open_page(thousand_page, "#lineage", **DESK)
    assert not inspect(page)
    go(page, "#overview")
    assert not inspect(page)
