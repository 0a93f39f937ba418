"""JSON paths that are safe to show: a key may itself be somebody's address."""

from __future__ import annotations

import re

from pii_lint.guard.detect import find

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,39}")
_DASHED = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,39}")
_FEW_DIGITS = 4
_SHOWN = 12
# Steps at each end of a long path.

Step = str | int


def path(steps: tuple[Step, ...]) -> str:
    """`$.customer.notes[0]`; a key that isn't a plain word is `*`, a long path's middle `..`."""
    shown = [_step(step) for step in steps[:_SHOWN]]
    if len(steps) > 2 * _SHOWN:
        shown.append(".")
        steps = steps[-_SHOWN:]
    else:
        steps = steps[_SHOWN:]
    return "$" + "".join([*shown, *map(_step, steps)])


def _step(step: Step) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    if not _DASHED.fullmatch(step) or sum(map(str.isdigit, step)) > _FEW_DIGITS or find(step):
        return ".*"
    return f".{step}" if _PLAIN.fullmatch(step) else f"['{step}']"
