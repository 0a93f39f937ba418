"""`python -m tests.bench.page`: how large the page of a made-up project is, how fast it answers."""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from pii_lint.cli import main as pii_lint
from tests.bench import manifest
from tests.bench.project import warehouse
from tests.conftest import command

VIEWS = ("overview", "lineage", "inventory", "findings", "proof")
# from the click to the frame that shows the answer
ANSWERED = """link => new Promise(done => {
    const start = performance.now();
    link.click();
    requestAnimationFrame(() => setTimeout(() => done(performance.now() - start)));
})"""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.page", description=__doc__)
    parser.add_argument("--models", type=int, default=1000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        manifest.write(warehouse(given.models, 1.0), folder)
        file = folder / "page.html"
        for run in ("first", "again"):
            start = time.process_time()
            pii_lint(["report", "--project-dir", str(folder), "--output", str(file)])
            print(f"written, {run}: {time.process_time() - start:.1f} s CPU")
        print(f"size: {file.stat().st_size / 1e6:.2f} MB")
        with sync_playwright() as playwright:
            flags = ["--no-sandbox", "--disable-gpu"]
            browser = playwright.chromium.launch(executable_path=command("chromium"), args=flags)
            measure(browser.new_page(viewport={"width": 1440, "height": 900}), file)
            browser.close()


def measure(page: Page, file: Path) -> None:
    for view in VIEWS:
        page.goto("about:blank")
        page.goto(f"{file.as_uri()}#{view}")
        page.wait_for_timeout(300)
        paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
        print(f"{view}: first paint after {paint:.0f} ms")
    page.goto("about:blank")
    page.goto(f"{file.as_uri()}#lineage")
    box = page.locator(".box.safe .node").first
    print(f"a mart's box, first click: {box.evaluate(ANSWERED):.0f} ms")
    column = page.locator(".detail .columns a").first
    print(f"its first column: {column.evaluate(ANSWERED):.0f} ms")
    source = page.locator(".way li a").last
    print(f"the source at its way's end: {source.evaluate(ANSWERED):.0f} ms")


if __name__ == "__main__":
    main()
