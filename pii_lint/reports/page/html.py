"""The page as one file: the template with its style, its script and its facts in it."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib import resources

from pii_lint.reports.page.packing import packed
from pii_lint.reports.page.told import Page

SCRIPTS = (
    "facts",
    "elements",
    "forms",
    "paths",
    "route",
    "filters",
    "overview",
    "graph",
    "detail",
    "lineage",
    "proof",
    "inventory",
    "findings",
    "search",
    "main",
)
"""In the order in which one builds on the other."""


def html(page: Page) -> str:
    """The whole page. Nothing of the project stands in its markup: names arrive as JSON."""
    style, script = _style(), _script()
    policy = (
        f"default-src 'none'; script-src {_digest(script)}; style-src {_digest(style)}; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    parts = {"policy": policy, "style": style, "script": script, "facts": packed(page)}
    written, rest = "", _read("template.html")
    for name in ("policy", "style", "facts", "script"):
        before, _, rest = rest.partition(f"<!--{name}-->")
        written += before + parts[name]
    return written + rest


@cache
def _style() -> str:
    return _read("style.css")


@cache
def _script() -> str:
    body = "\n".join(_read(f"script/{name}.js") for name in SCRIPTS)
    return f'(() => {{\n"use strict";\n{body}\n}})();\n'


def _digest(text: str) -> str:
    """As a content security policy names a text that it trusts."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _read(name: str) -> str:
    return resources.files("pii_lint.reports.page").joinpath(name).read_text("utf-8")
