"""Within one page, from a view to the next: over only when the next is drawn.

A page draws upon an event that the browser sends some time after the address has changed, so that
whoever looks at once may still see the view before.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page

# heard after the page's own listener, which was there before
_LISTEN = "addEventListener('hashchange', () => done(), { once: true })"


@contextmanager
def moving(page: Page) -> Iterator[None]:
    """What is done meanwhile leads to another view."""
    page.evaluate(f"window.moved = new Promise(done => {_LISTEN}), null")
    yield
    page.evaluate("window.moved")


def go(page: Page, fragment: str) -> None:
    """Change the address, as somebody does who types or follows a link."""
    page.evaluate(
        "to => location.hash === to ? null : "
        f"new Promise(done => {{ {_LISTEN}; location.hash = to; }})",
        fragment,
    )
