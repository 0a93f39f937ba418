"""What stands for several columns: `*`, `t.*`, `* like`, a struct's `.*`; `columns(…)` is in
`sets`, the conditions on their names in `names`."""

from __future__ import annotations

from .expansion import expand, is_star

__all__ = ["expand", "is_star"]
