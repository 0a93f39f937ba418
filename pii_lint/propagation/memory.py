"""Garbage collection while a project is linked.

Syntax trees are full of cycles, so the collector has to run; but it must not walk all that was
linked so far each time.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager

MODELS_A_COLLECTION = 50
COLLECTIONS_A_THAW = 10
"""After so many, what has been linked is walked too: trees that were in use then are frozen in."""


@contextmanager
def few_collections() -> Iterator[Callable[[], None]]:
    """Collect every so many models only. Gives a function to call after each model."""
    was_on = gc.isenabled()
    gc.disable()
    linked = 0

    def linked_one() -> None:
        nonlocal linked
        linked += 1
        if linked % MODELS_A_COLLECTION == 0:
            if linked % (MODELS_A_COLLECTION * COLLECTIONS_A_THAW) == 0:
                gc.unfreeze()
            gc.collect()
            gc.freeze()

    try:
        yield linked_one
    finally:
        # what is linked stays frozen: it lives as long as the process, and holds no cycles
        if was_on:
            gc.enable()
