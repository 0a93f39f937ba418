"""`pii-lint sync` on a real PostgreSQL: what arrives, and what is told."""

from __future__ import annotations

import pytest

from tests.postgres.syncing import Rig

TYPES = {
    "bool": ("bool", ["'t'", "'f'"], "BOOLEAN", ["true", "false"]),
    "int2": ("int2", ["-32768"], "SMALLINT", ["-32768"]),
    "int8": ("int8", ["9223372036854775807"], "BIGINT", ["9223372036854775807"]),
    "money_like": ("numeric(38,10)", ["'1234567890123456789012345678.0123456789'"],
                   "DECIMAL(38,10)", ["1234567890123456789012345678.0123456789"]),
    "hundreds": ("numeric(3,-2)", ["12345"], "DECIMAL(5,0)", ["12300"]),
    "tiny": ("numeric(2,4)", ["0.0012"], "DECIMAL(4,4)", [".0012"]),
    "float4": ("float4", ["'NaN'", "'-Infinity'", "3.4028235e38"],
             "FLOAT", ["nan", "-inf", "3.4028235e+38"]),
    "float8": ("float8", ["5e-324", "0.1"], "DOUBLE", ["5e-324", "0.1"]),
    "text": ("text", ["''", "E'a\\r\\nb\\tc\\\\N'", "'\\N'", "'\"quoted\", yes'", "'☃ 𝄞'"],
             "VARCHAR",
             ["", "a\r\nb\tc\\N", "\\N", '"quoted", yes', "☃ 𝄞"]),
    "bpchar": ("char(4)", ["'ab'"], "VARCHAR", ["ab  "]),
    "uuid": ("uuid", ["'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'"],
             "UUID", ["a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"]),
    "bytea": ("bytea", ["'\\x00ff5c'", "''"], "BLOB", ["\\x00\\xFF\\x5C", ""]),
    "date": ("date", ["'infinity'", "'-infinity'", "'0044-03-15 BC'", "'5874897-12-31'"],
             "DATE",
             ["infinity", "-infinity", "0044-03-15 (BC)", "5874897-12-31"]),
    "at": ("timestamp", ["'infinity'", "'0044-03-15 12:00:00.000001 BC'",
                             "'2024-02-29 23:59:59.999999'"],
             "TIMESTAMP",
           ["infinity", "0044-03-15 (BC) 12:00:00.000001", "2024-02-29 23:59:59.999999"]),
    "moment": ("timestamptz", ["'2024-03-31 02:30:00+05:30'", "'-infinity'",
                               "'0001-01-01 00:00:00+00 BC'"],
               "TIMESTAMP WITH TIME ZONE",
               ["2024-03-30 21:00:00+00", "-infinity", "0001-01-01 (BC) 00:00:00+00"]),
    "time": ("time", ["'24:00:00'", "'00:00:00.000001'"], "TIME", ["24:00:00", "00:00:00.000001"]),
    "timetz": ("timetz", ["'12:00:00+05:30'"], "TIME WITH TIME ZONE", ["12:00:00+05:30"]),
    "jsonb": ("jsonb", ["'{\"a\": [1, null], \"b\": 1.10}'", "'null'", "'7'"], "JSON",
              ['{"a": [1, null], "b": 1.10}', "null", "7"]),
    "enum": ("mood", ["'so, so'"], "VARCHAR", ["so, so"]),
    "domain": ("positive", ["12.50"], "DECIMAL(6,2)", ["12.50"]),
    "inet": ("inet", ["'192.0.2.1/24'"], "VARCHAR", ["192.0.2.1/24"]),
    "ints": ("int[]", ["'{1,null,3}'", "'{}'"], "INTEGER[]", ["[1, NULL, 3]", "[]"]),
    "texts": ("text[]", ["array['a,b', null, '', '{\"x\"}']"], "VARCHAR[]", None),
    "moments": ("timestamptz[]", ["array['0044-03-15 00:00:00+00 BC'::timestamptz, 'infinity']"],
                "TIMESTAMP WITH TIME ZONE[]", ["['0044-03-15 (BC) 00:00:00+00', infinity]"]),
    "amounts": ("numeric(12,3)[]", ["array[1.5, 99999999.999]"],
             "DECIMAL(12,3)[]", ["[1.500, 99999999.999]"]),
    "blobs": ("bytea[]", ["array['\\x00ff'::bytea]"], "BLOB[]", ["[\\x00\\xFF]"]),
}  # fmt: skip


def test_each_type_arrives_exactly(rig: Rig) -> None:
    rig.source.run(
        "create type mood as enum ('so, so'); "
        "create domain positive as numeric(6,2) check (value > 0)"
    )
    names = list(TYPES)
    listed = ", ".join(f'"{name}" {TYPES[name][0]}' for name in names)
    rig.source.run(f"create table t (n int, {listed})")
    for name in names:
        for n, value in enumerate(TYPES[name][1]):
            rig.source.run(f'insert into t (n, "{name}") values ({n}, {value})')
    rig.declare("t", ["n", *names])
    rig.sync()
    kinds = dict(rig.rows("select column_name, data_type from information_schema.columns"))
    assert {name: kinds[name] for name in names} == {name: TYPES[name][2] for name in names}
    for name in names:
        there = [
            value
            for (value,) in rig.rows(
                f'select "{name}"::varchar from t where "{name}" is not null order by n'
            )
        ]
        assert TYPES[name][3] in (None, there), name
    assert rig.rows("select texts from t where texts is not null") == [
        (["a,b", None, "", '{"x"}'],)
    ]
    # a row has one value, and null everywhere else
    assert rig.rows("select count(date) from t") == [(4,)]


WITHOUT_COUNTERPART = {
    "price": ("money", "no exact counterpart for money"),
    "span": ("interval", "no exact counterpart for interval"),
    "spread": ("int4range", "no exact counterpart for int4range"),
    "any": ("numeric", "no DuckDB type holds every numeric: declare `data_type: numeric(38, 10)`"),
    "long": ("numeric(39,1)", "no DuckDB type holds every numeric"),
    "hooks": ("jsonb[]", "arrays of JSON can't be screened"),
}


def test_a_type_without_a_counterpart_stops_before_anything_is_written(rig: Rig) -> None:
    listed = ", ".join(f'"{name}" {kind}' for name, (kind, _) in WITHOUT_COUNTERPART.items())
    rig.source.run(f"create table t (id int, {listed})")
    rig.declare("t", ["id", *WITHOUT_COUNTERPART])
    told = rig.sync(code=1)
    for name, (_, sentence) in WITHOUT_COUNTERPART.items():
        assert f"Column `{name}` of public.t can't be loaded exactly, for " in told
        assert sentence in told
    assert not rig.file.exists()


DECLARED = {
    "price": ("money", "varchar", "'12.50'", "$12.50"),
    "span": ("interval", "text", "'1 month 2 days'", "1 mon 2 days"),
    "any": ("numeric", "numeric(38, 10)", "1.0000000001", "1.0000000001"),
    "odd": ("numeric", "varchar", "'NaN'", "NaN"),
    "list": ("numeric[]", "decimal(5,2)[]", "'{1.25}'", "[1.25]"),
}


def test_a_declared_type_takes_it_in(rig: Rig) -> None:
    listed = ", ".join(f'"{name}" {kind}' for name, (kind, *_) in DECLARED.items())
    rig.source.run(f"create table t ({listed})")
    rig.source.run(f"insert into t values ({', '.join(each[2] for each in DECLARED.values())})")
    rig.declare("t", [{"name": name, "data_type": each[1]} for name, each in DECLARED.items()])
    rig.sync()
    (row,) = rig.rows("select columns(*)::varchar from t")
    assert row == tuple(each[3] for each in DECLARED.values())


FIT_NOWHERE = (
    ("numeric(5,2)", None, "'NaN'"),
    ("numeric", "numeric(38,2)", "1.005"),
    ("numeric", "numeric(38,2)", "'Infinity'"),
    ("timestamp", None, "'294276-12-31 00:00:00'"),
    ("text[]", None, "array[['secret-a'],['secret-b']]"),
    ("int[]", None, "'{{1},{2}}'"),
)


def test_a_value_that_fits_nowhere_leaves_the_last_good_table(rig: Rig) -> None:
    for number, (kind, declared, _) in enumerate(FIT_NOWHERE):
        rig.source.run(f"create table t{number} (id int, odd {kind})")
        rig.source.run(f"insert into t{number} values (7)")
        rig.declare(f"t{number}", ["id", {"name": "odd", "data_type": declared}])
    rig.sync()
    for number, (_, _, value) in enumerate(FIT_NOWHERE):
        rig.source.run(f"insert into t{number} values (1, {value})")
        told = rig.sync("--select", f"t{number}", code=2)
        assert f"A value of `odd` in public.t{number} can't be held exactly" in told
        assert not {"secret", "294276", "1.005"} & set(told.replace("'", " ").split())
        assert rig.rows(f"select * from t{number}") == [(7, None)]


CUSTOMERS = """
create table customers (id bigint primary key, email text, city text, updated_at timestamptz,
                        is_deleted boolean not null default false);
insert into customers values
    (1, 'a@example.org', 'Bern', '2026-01-01', false),
    (2, 'b@example.org', 'Genf', '2026-01-02', false),
    (3, 'c@example.org', null, '2026-01-02', false)
"""
EMAIL = {"name": "email", "tags": ["pii"], "meta": {"pii": True, "pii_type": "email"}}


@pytest.fixture
def customers(rig: Rig) -> Rig:
    """Three customers, of whom only what changed is loaded again."""
    rig.source.run(CUSTOMERS)
    _declare_customers(rig)
    return rig


def _declare_customers(rig: Rig, **settings: object) -> None:
    given = {
        "from_": "public.customers",
        "incremental": {"column": "updated_at", "overlap": 0},
        "tombstone": "is_deleted",
        "ignore": ["is_deleted"],
        **settings,
    }
    rig.declare("raw_customers", ["id", EMAIL, "city", "updated_at"], **given)


def test_only_what_changed_is_read_again(customers: Rig) -> None:
    assert "3 rows read, 3 there (full, for nothing is known" in customers.sync()
    # at the very moment of the newest that is known, and later
    customers.source.run(
        "insert into customers values (4, 'd@example.org', 'Chur', '2026-01-02'), "
        "(5, 'e@example.org', 'Biel', '2026-01-03'); "
        "update customers set city = 'Thun', updated_at = '2026-01-03' where id = 1"
    )
    assert "5 rows read, 5 there (incremental)" in customers.sync()
    assert customers.rows("select id, city from raw_customers order by id") == [
        (1, "Thun"),
        (2, "Genf"),
        (3, None),
        (4, "Chur"),
        (5, "Biel"),
    ]
    before = customers.rows("select * from raw_customers order by id")
    assert "2 rows read, 5 there (incremental)" in customers.sync()
    assert customers.rows("select * from raw_customers order by id") == before
    assert "5 rows read, 5 there (full, for asked for)" in customers.sync("--full")


def test_what_is_deleted_goes(customers: Rig) -> None:
    customers.sync()
    customers.source.run(
        "update customers set is_deleted = true, updated_at = '2026-01-05' where id = 1; "
        "delete from customers where id = 2"
    )
    assert "2 removed" in customers.sync()
    assert customers.rows("select id from raw_customers") == [(3,)]
    assert "1 there (full" in customers.sync("--full")


def test_where_deletes_are_kept_a_tombstone_still_counts(customers: Rig) -> None:
    _declare_customers(customers, deletes="keep")
    customers.sync()
    customers.source.run(
        "update customers set is_deleted = true, updated_at = '2026-01-05' where id = 1; "
        "delete from customers where id = 2"
    )
    assert "1 removed" in customers.sync()
    assert customers.rows("select id from raw_customers order by id") == [(2,), (3,)]


def test_a_row_that_came_late_isn_t_lost(customers: Rig) -> None:
    customers.sync()
    # committed after the last sync, with a moment long before
    customers.source.run("insert into customers values (9, 'z@example.org', 'Visp', '2020-01-01')")
    assert "4 there (full, for rows were missing that the source has)" in customers.sync()


def test_a_moment_that_lies_ahead_hides_nothing(customers: Rig) -> None:
    customers.source.run(
        "insert into customers values (8, 'h@example.org', 'Sion', '2999-01-01'), "
        "(9, 'i@example.org', 'Brig', 'infinity')"
    )
    customers.sync()
    customers.source.run("update customers set city = 'Nyon', updated_at = now() where id = 2")
    assert "incremental" in customers.sync()
    assert customers.rows("select city from raw_customers where id = 2") == [("Nyon",)]


def test_rows_without_a_moment_are_always_read(customers: Rig) -> None:
    customers.sync()
    customers.source.run("update customers set city = 'Wil', updated_at = null where id = 1")
    customers.sync()
    customers.source.run("update customers set city = 'Zug' where id = 1")
    assert "incremental" in customers.sync()
    assert customers.rows("select city from raw_customers where id = 1") == [("Zug",)]


def test_it_goes_by_a_number_too(rig: Rig) -> None:
    rig.source.run("create table t (id int primary key, a text); insert into t values (1, 'x')")
    rig.declare("t", ["id", "a"], incremental={"column": "id", "overlap": 1})
    rig.sync()
    rig.source.run("insert into t values (2, 'y'); update t set a = 'z' where id = 1")
    assert "2 rows read, 2 there (incremental)" in rig.sync()
    assert rig.rows("select a from t order by id") == [("z",), ("y",)]


def test_whatever_was_done_to_the_table_meanwhile_it_is_right_again(customers: Rig) -> None:
    import duckdb

    customers.sync()
    for meanwhile in (
        "delete from raw_customers where id = 1",
        "alter table raw_customers drop column city",
        "drop table raw_customers",
        "drop table pii_lint_sync.loads",
    ):
        with duckdb.connect(str(customers.file)) as connection:
            connection.execute(meanwhile)
        assert "3 there (full, for nothing is known" in customers.sync(), meanwhile
        assert "incremental" in customers.sync()
    _declare_customers(customers, from_="public.other")
    customers.source.run("create table other as select * from customers where id < 3")
    customers.source.run("alter table other add primary key (id)")
    assert "2 there (full, for it is declared differently now)" in customers.sync()


def test_a_table_without_a_key_isn_t_loaded_by_parts(rig: Rig) -> None:
    rig.source.run("create table t (id int, at timestamptz); insert into t values (1, now())")
    rig.declare("t", ["id", "at"], incremental="at")
    assert "nothing tells rows apart" in rig.sync(code=1)
    rig.unique("t", "id")
    rig.sync()
    rig.source.run("insert into t values (1, now())")
    assert "doesn't tell the rows of raw.t apart" in rig.sync(code=2)
    assert rig.rows("select count(*) from t") == [(1,)]


@pytest.mark.parametrize("kind", ["text", "uuid", "numeric(4,1)"])
def test_what_has_no_order_of_time_is_refused(rig: Rig, kind: str) -> None:
    rig.source.run(f"create table t (id int primary key, k {kind})")
    rig.declare("t", ["id", "k"], incremental="k")
    assert "can't be loaded by `k`" in rig.sync(code=1)


def test_a_new_column_is_told_and_a_personal_one_stops_it(customers: Rig) -> None:
    customers.sync()
    customers.source.run("alter table customers add note_count int")
    told = customers.sync()
    assert "public.customers has a column `note_count` that models/raw/src.yml doesn't list" in told
    customers.source.run("alter table customers add phone_number text")
    customers.source.run("update customers set city = 'Olten', updated_at = now() where id = 1")
    told = customers.sync(code=1)
    assert "has a new column `phone_number`, which looks like contact.phone, and nobody" in told
    line = (
        "- {name: phone_number, config: {tags: [pii], meta: {pii: true, pii_type: contact.phone}}}"
    )
    assert f"write `{line}`" in told
    assert customers.rows("select city from raw_customers where id = 1") == [("Bern",)]
    _declare_customers(customers, ignore=["is_deleted", "phone_number"])
    assert "phone_number" not in customers.sync()


def test_a_listed_personal_column_that_nobody_looked_at_stops_it(rig: Rig) -> None:
    rig.source.run("create table t (id int, email text)")
    rig.declare("t", ["id", "email"])
    assert "neither tagged nor declared clean" in rig.sync(code=1)
    rig.declare("t", ["id", {"name": "email", "meta": {"pii": False}}])
    rig.sync()


def test_a_gone_column_stops_it_and_a_changed_type_is_told(customers: Rig) -> None:
    customers.sync()
    customers.source.run("alter table customers alter id type int")
    told = customers.sync()
    assert "Column `id` of raw.raw_customers was BIGINT and becomes INTEGER" in told
    assert "(full, for" in told
    customers.source.run("alter table customers drop column city")
    assert "has no column `city`, which models/raw/src.yml lists" in customers.sync(code=1)
    assert customers.rows("select count(city) from raw_customers") == [(2,)]


def test_a_dry_run_writes_nothing(customers: Rig) -> None:
    assert "would load raw.raw_customers from public.customers, full" in customers.sync("--dry-run")
    assert not customers.file.exists()
    customers.sync()
    assert "would load raw.raw_customers from public.customers, incremental" in customers.sync(
        "--dry-run"
    )


PAYLOADS = """
create table events (id bigint primary key, metadata jsonb, updated_at timestamptz default now());
insert into events (id, metadata) values
    (1, '{"page": "/a", "amount": 1.10}'), (2, '{"page": "/b", "email": "x.y@example.org"}'),
    (3, '{"notes": "call +1-555-123-4567"}'), (4, null), (5, '"user@example.org"'), (6, '7')
"""


def test_json_goes_through_layer_1(rig: Rig) -> None:
    rig.source.run(PAYLOADS)
    rig.declare("events", ["id", "metadata", "updated_at"], incremental="updated_at")
    told = rig.sync()
    assert "6 rows read, 3 there, 3 refused (pii_lint_sync.dead_letters)" in told
    assert rig.rows("select id, metadata::varchar from events order by id") == [
        (1, '{"page": "/a", "amount": 1.10}'),
        (4, None),
        (6, "7"),
    ]
    letters = rig.rows(
        "select record_key ->> 'id', column_name, error_code, error_detail ->> 'field', "
        "error_detail ->> 'pattern' from pii_lint_sync.dead_letters order by 1"
    )
    assert [(each[:4]) for each in letters] == [
        ("2", "metadata", "PII_DETECTED", "$.email"),
        ("3", "metadata", "PII_DETECTED", "$.notes"),
        ("5", "metadata", "PII_DETECTED", "$"),
    ]
    assert b"example.org" not in rig.file.read_bytes()
    # a mended row is settled, one that went bad is taken out
    rig.source.run(
        "update events set metadata = '{}', updated_at = now() where id = 2; "
        'update events set metadata = \'{"ip": "192.0.2.7"}\', updated_at = now() where id = 1; '
        "delete from events where id = 3"
    )
    assert "(incremental)" in rig.sync()
    assert rig.rows("select id from events order by id") == [(2,), (4,), (6,)]
    assert rig.rows("select record_key ->> 'id' from pii_lint_sync.dead_letters order by 1") == [
        ("1",),
        ("5",),
    ]


def test_listed_keys_may_be_stripped_and_a_tagged_column_kept(rig: Rig) -> None:
    rig.source.run(PAYLOADS)
    rig.declare("events", ["id", "metadata"], json={"metadata": "strip"}, ignore=["updated_at"])
    assert "6 rows read, 4 there, 1 payload stripped, 2 refused" in rig.sync()
    assert rig.rows("select metadata::varchar from events where id = 2") == [('{"page":"/b"}',)]
    rig.declare("events", ["id", "metadata"], json={"metadata": "keep"}, ignore=["updated_at"])
    assert "must be tagged" in rig.sync(code=2)
    tagged = {"name": "metadata", "tags": ["pii"]}
    rig.declare("events", ["id", tagged], json={"metadata": "keep"}, ignore=["updated_at"])
    rig.sync()
    assert rig.rows("select count(*) from events where metadata::varchar like '%x.y@%'") == [(1,)]


def test_a_personal_key_is_no_part_of_a_dead_letter(rig: Rig) -> None:
    rig.source.run(
        "create table t (email text primary key, at timestamptz, j jsonb); "
        "insert into t values ('k.l@example.org', now(), '{\"ssn\": \"123-45-6789\"}')"
    )
    rig.declare("t", [EMAIL, "at", "j"], incremental="at")
    rig.sync()
    rig.sync()
    assert rig.rows("select record_key from pii_lint_sync.dead_letters") == [(None,)]
    assert b"example.org" not in rig.file.read_bytes()
