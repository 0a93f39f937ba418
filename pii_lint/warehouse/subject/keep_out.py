"""People who were forgotten are taken out of what comes in, before anybody can see it."""

from __future__ import annotations

from collections.abc import Sequence

from pii_lint.artifacts.model import Node
from pii_lint.config import Config
from pii_lint.data.registry import Registry
from pii_lint.errors import ConfigError
from pii_lint.holdings import Held
from pii_lint.warehouse.subject.database import Database
from pii_lint.warehouse.subject.declared import KEY, declared
from pii_lint.warehouse.subject.documents import parsed, words
from pii_lint.warehouse.subject.duckdb import DuckDB
from pii_lint.warehouse.subject.rows import Theirs
from pii_lint.warehouse.subject.tombstones import Tombstones, read
from pii_lint.warehouse.sync.plan import Plan
from pii_lint.warehouse.sync.store import Store


class KeptOut:
    """For one run of `sync`: by the tombstones in the warehouse that it loads."""

    def __init__(self, nodes: Sequence[Node], config: Config, registry: Registry) -> None:
        self._nodes = nodes
        self._config = config
        self._registry = registry
        self._held: tuple[Held, ...] | None = None

    def __call__(self, store: Store, plan: Plan) -> int:
        database = DuckDB(store.connection)
        standing = read(database)
        if standing is None:
            return 0
        if self._held is None:
            self._held = declared(self._nodes, self._config, self._registry).held
        where = (plan.wanted.schema.lower(), plan.wanted.name.lower())
        found = [
            one for one in self._held if (one.table.schema.lower(), one.table.name.lower()) == where
        ]
        if not found and any(".".join(t.split(".")[2:]) == plan.called for t in standing.tables):
            raise ConfigError(
                f"People were forgotten in {plan.called}, and {plan.wanted.file} doesn't say any "
                f"more whose its rows are, so they would come back: write `{KEY}` there again."
            )
        return sum(take_again(database, one, standing) for one in found)


def take_again(database: Database, held: Held, standing: Tombstones) -> int:
    """Do to the rows of whoever was forgotten what was done then; gives how many there were."""
    theirs = Theirs(database, [held])
    theirs.find(held, standing.holds)
    return theirs.take(held, lambda text: standing.gone(words(parsed(text))))
