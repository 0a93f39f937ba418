"""The small projects that the rules are tested on."""

from tests.unit.rules.conftest import facts_of

__all__ = ["facts_of"]
