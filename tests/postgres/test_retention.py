"""Rows that stay too long, on a real PostgreSQL: as on DuckDB, and never by halves."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pii_lint.counts import Table
from pii_lint.errors import ConfigError
from pii_lint.keeping import Erasure, Kept, Overdue, Reference, Term
from tests.evidence.test_retention import LEFT, REST, rows
from tests.postgres.server import Database

pytestmark = pytest.mark.slow

PEOPLE = Kept(
    "source.shop.raw.people",
    "raw.people",
    Table("raw", "people"),
    Term(365, "seen_at", Erasure("is_deleted", 30, "changed_at")),
)
LEADS = Kept(
    "source.shop.raw.leads",
    "raw.leads",
    Table("raw", "leads"),
    Term(30, "CAME", Erasure("deleted_at")),
)


@pytest.fixture
def target(database: Database, tmp_path: Path):
    from pii_lint.warehouse.profile import find_target

    for statement in rows():
        database.run(statement)
    server = database.server
    output = f"{{type: postgres, host: {server.sockets}, port: {server.port}, user: postgres, "
    output += f"password: x, dbname: {database.name}, schema: raw}}"
    (tmp_path / "dbt_project.yml").write_text("name: shop\nprofile: shop\n", "utf-8")
    (tmp_path / "profiles.yml").write_text(f"shop: {{outputs: {{default: {output}}}}}\n", "utf-8")
    return find_target(tmp_path, profiles_dir=tmp_path, environ={})


def gone(target: object, *kept: Kept, yes: bool = False) -> tuple[Overdue, ...]:
    from pii_lint.warehouse.overdue import delete, overdue
    from pii_lint.warehouse.postgres_overdue import transaction

    now = datetime.now(tz=UTC)
    with transaction(target, write=yes) as open_:  # type: ignore[arg-type]
        found = overdue(open_, kept, now)
        if yes:
            delete(open_, kept, now)
    return found


def test_it_counts_and_deletes_what_duckdb_does(target: object, database: Database) -> None:
    told = (Overdue("raw.people", 7, 2, 2, 1), Overdue("raw.leads", 3, 1, 1, 0))
    assert gone(target, PEOPLE, LEADS) == told
    assert len(database.run(REST)) == 10
    assert gone(target, PEOPLE, LEADS, yes=True) == told
    assert [each for (each,) in database.run(REST)] == LEFT
    assert sum(one.due for one in gone(target, PEOPLE, LEADS)) == 0


def test_nothing_goes_where_one_row_cannot(target: object, database: Database) -> None:
    database.run(
        "alter table raw.people add primary key (email); drop table raw.orders; create table "
        "raw.orders (email text references raw.people); insert into raw.orders values "
        "('gone1@mail.example')"
    )
    with pytest.raises(ConfigError, match="refer to rows that are due, so nothing was deleted"):
        gone(target, LEADS, PEOPLE, yes=True)
    assert len(database.run(REST)) == 10


def test_what_refers_to_a_row_is_blanked_or_goes_before_it(
    target: object, database: Database
) -> None:
    database.run(
        "alter table raw.people add primary key (email); drop table raw.orders; create table "
        "raw.orders (email text references raw.people); insert into raw.orders select email "
        "from raw.people; delete from raw.leads; alter table raw.leads add foreign key (email) "
        "references raw.people; insert into raw.leads values ('gone1@mail.example', '2001-01-01')"
    )
    orders = Reference("raw.orders.email", Table("raw", "orders"), "EMAIL", "email", blank=True)
    leads = Reference("raw.leads.email", Table("raw", "leads"), "email", "email", blank=False)
    people = replace(PEOPLE, references=(orders, leads))
    (told, _) = gone(target, people, LEADS)
    assert told.left == (("raw.leads.email", 1),)
    gone(target, people, LEADS, yes=True)
    assert database.run("select count(*), count(email) from raw.orders") == [(7, 3)]
    assert database.run("select count(*) from raw.leads") == [(0,)]


def test_a_type_that_is_no_moment_is_told(target: object, database: Database) -> None:
    database.run("alter table raw.leads alter came type text")
    (told,) = gone(target, LEADS)
    assert told.why == "CAME is of type text, which is no date or timestamp"
    database.run("drop table raw.leads")
    (told,) = gone(target, LEADS)
    assert told.why == "there is no such table in this database"
