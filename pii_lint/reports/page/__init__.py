"""The page: one HTML file that an auditor opens, with nothing to install and nowhere to connect."""

from pii_lint.reports.page.gather import page
from pii_lint.reports.page.html import html

__all__ = ["html", "page"]
