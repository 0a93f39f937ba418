"""A real headless Chromium that reaches nothing but files, and pages for it to open."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pii_lint.cli import main
from tests.conftest import command
from tests.warehouse import Warehouse

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
Written = Callable[..., Path]
Inspect = Callable[..., list[str]]
AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
PROJECTS = Path(__file__).parents[1] / "projects"


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
        page.set_default_timeout(60_000)
        page.on("pageerror", lambda error: watch.errors.append(str(error)))
        page.goto(file.as_uri() + fragment)
        return page

    yield open_file
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def inspect(require: Callable[[str], None]) -> Inspect:
    """What axe finds serious or critical in a page as it stands, each with the element; all its
    rules are asked, or those named."""
    if not AXE.exists():
        require("npm")
        pytest.skip("axe-core isn't installed: run `npm ci --prefix tests/browser`")
    script = AXE.read_text("utf-8")

    def look(page: Page, *rules: str) -> list[str]:
        # not by a script element, which the page's own policy refuses
        page.evaluate(script)
        asked = {"resultTypes": ["violations"], **({"runOnly": rules} if rules else {})}
        found = page.evaluate("asked => axe.run(document, asked)", asked)
        return [
            f"{one['id']}: {node['html'][:200]} ({node['failureSummary'][:200]})"
            for one in found["violations"]
            if one["impact"] in ("serious", "critical")
            for node in one["nodes"]
        ]

    return look


@pytest.fixture(scope="session")
def report(tmp_path_factory: pytest.TempPathFactory) -> Written:
    """Writes the page of a project, as a user does."""

    def write(project: Path, *options: str) -> Path:
        file = tmp_path_factory.mktemp("page") / "page.html"
        line = ["report", "--project-dir", str(project), "--output", str(file), *options]
        assert main(line) == 0
        return file

    return write


@pytest.fixture(scope="session")
def acme(bare_warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This repository's project, compiled; nothing needs to be built for its page."""
    folder = tmp_path_factory.mktemp("compiled") / "acme"
    shutil.copytree(bare_warehouse.project_dir, folder)
    shutil.copy(Path(__file__).parents[2] / "pii_lint.yml", folder)
    assert Warehouse(folder).run(["compile"]).success
    return folder


@pytest.fixture(scope="session")
def wt07(require: Callable[[str], None], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project of the incident, compiled."""
    require("dbt")
    require("duckdb")
    folder = tmp_path_factory.mktemp("compiled") / "wt07"
    made = shutil.ignore_patterns("target", "logs")
    shutil.copytree(PROJECTS / "wt07", folder, ignore=made)
    assert Warehouse(folder).run(["compile"]).success
    return folder


@pytest.fixture(scope="session")
def acme_page(acme: Path, report: Written) -> Path:
    return report(acme)


@pytest.fixture(scope="session")
def wt07_page(wt07: Path, report: Written) -> Path:
    return report(wt07)
