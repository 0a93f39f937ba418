"""A run's answer, remembered for as long as every file that it looked at says the same.

Nothing of the engine is loaded where the answer is known.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from pii_lint import cache, files
from pii_lint.findings import Listing, Report
from pii_lint.options import Options

T = TypeVar("T")


def check(options: Options) -> Report:
    """Judge a project."""

    def asked(today: Options) -> Report:
        from pii_lint.pipeline.check import check as judged

        return judged(today)

    return _recalled(options, Report, asked)


def inventory(options: Options) -> Listing:
    """List what every column holds."""

    def asked(today: Options) -> Listing:
        from pii_lint.pipeline.inventory import inventory as listed

        return listed(today)

    return _recalled(options, Listing, asked)


def _recalled(options: Options, result: type[T], asked: Callable[[Options], T]) -> T:
    options = replace(options, today=options.today or datetime.now(tz=UTC).date())
    if not options.use_cache:
        return asked(options)
    name = cache.digest(cache.tool(), result.__name__, str(Path.cwd()), repr(options))
    known = cache.load(name, tuple[files.Answers, result])  # type: ignore[valid-type]
    if known is not None and files.unchanged(known[0]):
        return known[1]
    with files.noting() as answers:
        found = asked(options)
    cache.save(name, (answers, found))
    return found
