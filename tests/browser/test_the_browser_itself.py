"""The net under the other tests: what they rely on the browser to notice, it notices."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.browser.conftest import Open, Watch


def written(folder: Path, html: str) -> Path:
    file = folder / "page.html"
    file.write_text(html, "utf-8")
    return file


def test_a_file_opens_and_its_script_runs(open_page: Open, tmp_path: Path) -> None:
    html = "<p>before</p><script>document.querySelector('p').innerText = 'after'</script>"
    assert open_page(written(tmp_path, html)).inner_text("p") == "after"


def test_a_page_that_asks_for_something_outside_is_noticed(
    open_page: Open, watch: Watch, tmp_path: Path
) -> None:
    open_page(written(tmp_path, "<img src='https://stranger.example/pixel.png'>"))
    with pytest.raises(AssertionError, match="stranger"):
        watch.verify()
    watch.clear()


def test_a_script_that_fails_is_noticed(open_page: Open, watch: Watch, tmp_path: Path) -> None:
    page = open_page(written(tmp_path, "<p>sound</p>"))
    with page.expect_event("pageerror"):
        page.goto(written(tmp_path, "<script>nowhere()</script>").as_uri())
    with pytest.raises(AssertionError, match="nowhere is not defined"):
        watch.verify()
    watch.clear()
