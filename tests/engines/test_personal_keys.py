"""What stands under a personal key is looked for in the marts, whatever shape it has.

Spark's turn is in test_agreement.py, on the cluster that runs there.
"""

from __future__ import annotations

import duckdb

from tests.engines.documents import FOUND, values_found
from tests.postgres.server import Database


def test_every_value_under_a_personal_key_is_found_on_duckdb() -> None:
    def query(sql: str) -> list[tuple[object, ...]]:
        return duckdb.execute(sql).fetchall()

    assert values_found(query, "duckdb") == FOUND


def test_every_value_under_a_personal_key_is_found_on_postgres(database: Database) -> None:
    assert values_found(database.run, "postgres") == FOUND
