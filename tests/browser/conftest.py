"""A real headless Chromium that reaches nothing but files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.conftest import command

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page, Request

ITSELF = ("file:", "data:", "blob:", "about:")
"""What a page may ask for: nothing of it leaves the machine."""
FLAGS = (
    "--no-sandbox",  # it may run as root, in a container
    "--disable-gpu",
    "--disable-background-networking",
    "--host-resolver-rules=MAP * ~NOTFOUND",
)

Open = Callable[..., "Page"]


@dataclass(slots=True)
class Watch:
    """What pages did that no page may do."""

    strangers: list[str] = field(default_factory=list)
    # addresses outside of the file that were asked for
    errors: list[str] = field(default_factory=list)
    # what scripts threw

    def request(self, request: Request) -> None:
        """Note one that leaves the file."""
        if not request.url.startswith(ITSELF):
            self.strangers.append(request.url)

    def verify(self) -> None:
        """Nothing was noted."""
        assert not self.strangers, f"a page asked for {self.strangers}"
        assert not self.errors, f"a page's script failed: {self.errors}"

    def clear(self) -> None:
        """What was noted was meant."""
        self.strangers.clear()
        self.errors.clear()


# Of the package, not the session: Playwright keeps an event loop running in this thread, and other
# tests want one of their own.
@pytest.fixture(scope="package")
def chromium(require: Callable[[str], None]) -> Iterator[Browser]:
    """The browser that is installed, without a window."""
    require("playwright")
    require("chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=command("chromium"), args=FLAGS, timeout=60_000
        )
        yield browser
        browser.close()


@pytest.fixture
def watch() -> Iterator[Watch]:
    """Fails the test afterwards if a page asked for anything beyond the file, or threw an error."""
    seen = Watch()
    yield seen
    seen.verify()


@pytest.fixture
def open_page(chromium: Browser, watch: Watch) -> Iterator[Open]:
    """Opens a file in a window of its own: `open_page(file, "#fragment", color_scheme="dark")`."""
    contexts: list[BrowserContext] = []

    def open_file(file: Path, fragment: str = "", **options: object) -> Page:
        context = chromium.new_context(offline=True, **options)  # type: ignore[arg-type]
        contexts.append(context)
        context.on("request", lambda request: watch.request(request))
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: watch.errors.append(str(error)))
        page.goto(file.as_uri() + fragment)
        return page

    yield open_file
    for context in contexts:
        context.close()
