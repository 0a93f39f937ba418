"""The macro and the analyser agree: what `hash_pii` writes for each engine is a keyed digest, and
the digest is the same everywhere."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from jinja2 import Environment, StrictUndefined

from pii_lint.propagation.inventory import RelationFacts
from tests.corpus.harness import inventory, model_id, relation_name, word

MACROS = Path(__file__).parents[2] / "dbt_package" / "macros"
ENGINES = (
    "duckdb", "postgres", "spark", "databricks", "snowflake", "bigquery", "redshift", "trino",
)  # fmt: skip
SALT = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
VALUES = ("ann@example.com", "", " Ann@Example.com ", "Zoë Łuk 名前 👩‍💻", "o'Hara", "x" * 5000)


class Refused(Exception):
    """What dbt would print."""


def refuse(message: str) -> None:
    raise Refused(message)


def macro(engine: str, *, literal: str | None = None) -> Callable[[str], str]:
    """`hash_pii` as dbt dispatches it for an engine, its salt in a table or a literal."""

    class Adapter:
        def dispatch(self, name: str, package: str) -> Callable[[str], str]:
            return lambda column: getattr(module, f"{engine}__{name}", module.default__hash_pii)(
                column
            )

    class Exceptions:
        raise_compiler_error = staticmethod(refuse)

    class Target:
        type = engine

    environment = Environment(undefined=StrictUndefined, autoescape=False)  # noqa: S701 - SQL, not HTML
    # as dbt names a package's macros to each other
    package = SimpleNamespace()
    environment.globals |= {
        "pii_lint": package,
        "adapter": Adapter(),
        "exceptions": Exceptions(),
        "target": Target(),
        "return": lambda value: value,
        "var": lambda name, default=None: literal if name == "pii_salt" else default,
        "source": lambda schema, name: relation_name("salts", engine),
    }
    text = "".join((MACROS / f"{name}.sql").read_text() for name in ("pii_salt", "hash_pii"))
    module = environment.from_string(text).module
    package.pii_salt = module.pii_salt
    return lambda column: " ".join(module.hash_pii(column).split())


def users(engine: str) -> str:
    return f"select {{}} as masked from {relation_name('users', engine)} as u"


def facts(engine: str, expression: str) -> RelationFacts:
    sql = users(engine).format(expression)
    return inventory({"out": sql}, engine).relations[model_id("out")]


def labels(engine: str, expression: str) -> set[str]:
    (column,) = facts(engine, expression).columns.values()
    return {word(label) for label in column.labels}


# --- the analyser reads the macro -----------------------------------------------------------------


@pytest.mark.parametrize("engine", ENGINES)
def test_hash_pii_is_a_keyed_digest(engine: str) -> None:
    assert labels(engine, macro(engine)("u.email")) == {"users.email=pseudonym"}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    "column", ["lower(trim(u.email))", "coalesce(u.email, '')", "cast(u.email as {})"]
)
def test_it_is_one_over_an_expression_too(engine: str, column: str) -> None:
    text = {"bigquery": "string", "spark": "string", "databricks": "string"}.get(
        engine, "varchar(99)"
    )
    assert labels(engine, macro(engine)(column.format(text))) == {"users.email=pseudonym"}


@pytest.mark.parametrize("engine", ENGINES)
def test_its_key_is_found_and_named(engine: str) -> None:
    (mask,) = facts(engine, macro(engine)("u.email")).masks
    assert {word(label) for label in mask.inputs} == {"users.email=clear"}
    assert mask.secrets
    assert not mask.literal


@pytest.mark.parametrize("engine", ENGINES)
def test_a_literal_salt_makes_it_a_digest_that_anyone_can_recompute(engine: str) -> None:
    written = macro(engine, literal="throwaway-salt")("u.email")
    assert labels(engine, written) == {"users.email=weak"}
    (mask,) = facts(engine, written).masks
    assert mask.literal
    assert not mask.secrets


@pytest.mark.parametrize("engine", ENGINES)
def test_beside_the_value_it_masks_nothing(engine: str) -> None:
    written = f"coalesce(u.email, {macro(engine)('u.email')})"
    assert "users.email=clear" in labels(engine, written)


@pytest.mark.parametrize("engine", ENGINES)
def test_the_mask_of_another_column_is_that_columns(engine: str) -> None:
    assert labels(engine, macro(engine)("u.phone")) == {"users.phone=pseudonym"}
    assert labels(engine, macro(engine)("u.city")) == set()


# --- the macro itself -----------------------------------------------------------------------------


def test_every_engine_has_a_body_of_its_own() -> None:
    text = (MACROS / "hash_pii.sql").read_text()
    assert [e for e in ENGINES if f"macro {e}__hash_pii(" not in text] == []


def test_an_engine_without_a_body_is_refused() -> None:
    with pytest.raises(Refused, match="hash_pii has no body for exasol"):
        macro("exasol")("u.email")


def test_quotes_in_a_literal_salt_stay_inside_it() -> None:
    written = macro("duckdb", literal="o'Hara' || u.email || '")("u.email")
    assert "'o''Hara'' || u.email || '''" in written


# --- the digest itself ----------------------------------------------------------------------------


def expected(value: str, salt: str = SALT) -> str:
    return hashlib.sha256(f"{value}{salt}".encode()).hexdigest()


def on_duckdb(expression: str, *values: object) -> list[object]:
    duckdb = pytest.importorskip("duckdb")
    with duckdb.connect(":memory:") as connection:
        connection.execute("attach ':memory:' as world; create schema world.base")
        connection.execute("create table world.base.salts as select ? as salt", [SALT])
        connection.execute("create table u (email varchar)")
        connection.executemany("insert into u values (?)", [[value] for value in values])
        return [row[0] for row in connection.execute(f"select {expression} from u").fetchall()]


@pytest.mark.parametrize(
    "value", VALUES, ids=["plain", "empty", "spaces", "unicode", "quote", "long"]
)
def test_duckdb_and_hashlib_agree(value: str) -> None:
    assert on_duckdb(macro("duckdb")("u.email"), value) == [expected(value)]


def test_null_stays_null() -> None:
    assert on_duckdb(macro("duckdb")("u.email"), None, "a") == [None, expected("a")]


def test_equal_values_stay_equal_and_others_apart() -> None:
    first, second, third = on_duckdb(macro("duckdb")("u.email"), "a", "a", "A")
    assert first == second != third


def test_another_salt_gives_another_digest() -> None:
    written = macro("duckdb", literal="another")("u.email")
    assert on_duckdb(written, "a") == [expected("a", "another")] != [expected("a")]


@pytest.mark.parametrize(
    ("number", "printed"), [("42", "42"), ("-7", "-7"), ("date '2024-02-29'", "2024-02-29")]
)
def test_what_is_no_text_is_hashed_as_duckdb_prints_it(number: str, printed: str) -> None:
    assert on_duckdb(macro("duckdb")(number), "a") == [expected(printed)]


def test_a_digest_is_64_lower_case_hexadecimal_digits() -> None:
    (digest,) = on_duckdb(macro("duckdb")("u.email"), "a")
    assert isinstance(digest, str)
    assert len(digest) == 64
    assert set(digest) <= set("0123456789abcdef")
