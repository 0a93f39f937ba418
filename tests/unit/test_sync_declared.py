"""What a sync is asked for in YAML, and where its source is: no database is needed to be wrong."""

from __future__ import annotations

import os

import pytest

pytest.importorskip("psycopg")

from pii_lint.artifacts.model import Column, Node
from pii_lint.config import load_config
from pii_lint.errors import ConfigError
from pii_lint.warehouse.sync.address import DSN, address
from pii_lint.warehouse.sync.declared import Relation, Wanted, wanted


def _wanted(settings: object) -> Wanted:
    node = Node(
        "source.shop.raw.t",
        "source",
        "t",
        "shop",
        "models/raw/src.yml",
        schema="main",
        columns={name: Column(name) for name in ("id", "at")},
        meta={"pii_lint_sync": settings},
    )
    (found,) = wanted([node], load_config())
    return found


@pytest.mark.parametrize(
    ("given", "schema", "name"),
    [
        ("users", "public", "users"),
        ("Shop.Users", "Shop", "Users"),
        ('"a.b"."c""d"', "a.b", 'c"d'),
        (' shop."x y" ', "shop", "x y"),
    ],
)
def test_a_name_may_be_quoted(given: str, schema: str, name: str) -> None:
    assert _wanted({"from": given}).source == Relation(schema, name)


def test_true_takes_the_table_s_own_name() -> None:
    assert _wanted(True).source == Relation("public", "t")


def test_a_span_is_in_seconds_and_a_number_in_either() -> None:
    span = _wanted({"incremental": {"column": "at", "overlap": "2 hours"}}).incremental
    assert span is not None
    assert (span.seconds, span.count) == (7200, 0)
    usual = _wanted({"incremental": "at"}).incremental
    assert usual is not None
    assert (usual.seconds, usual.count) == (900, 10_000)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"form": "x"}, "has `form` under `pii_lint_sync`"),
        ({"from": "a.b.c"}, "must say where it is loaded from"),
        ({"from": 7}, "must say where it is loaded from"),
        ({"incremental": {"column": "at", "overlap": "long"}}, "must give `overlap` as a number"),
        ({"incremental": {"column": "at", "overlap": -1}}, "must give `overlap` as a number"),
        ({"incremental": {"column": "at", "lag": 1}}, "which knows column and overlap"),
        ({"incremental": {"by": "at"}}, "must name a column under `incremental: {column: ...}`"),
        ({"incremental": "nope"}, "isn't among its columns"),
        ({"json": {"at": "maybe"}}, "must say reject, strip or keep"),
        ({"json": {"at": ["keep"]}}, "must say reject, strip or keep"),
        ({"json": {"nope": "strip"}}, "isn't among its columns"),
        ({"json": {"at": "keep"}}, "must be tagged"),
        ({"deletes": "yes"}, "must say compare or keep"),
        ({"deletes": ["keep"]}, "must say compare or keep"),
        ({"ignore": ["at"]}, "ignores it, too"),
        ({"ignore": [1]}, "must list names of columns"),
        ({"tombstone": 3}, "must name a column"),
        ("public.t", "needs settings under `pii_lint_sync`"),
    ],
)
def test_nonsense_in_the_yaml_is_one_sentence(settings: object, told: str) -> None:
    with pytest.raises(ConfigError) as refused:
        _wanted(settings)
    assert told in str(refused.value)
    assert str(refused.value).startswith("raw.t in models/raw/src.yml ")


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment that names no source."""
    for name in [each for each in os.environ if each.startswith("PG") or each == DSN]:
        monkeypatch.delenv(name)
    return monkeypatch


@pytest.mark.parametrize(
    "environment",
    [
        {"PGHOST": "db.example.com", "PGSSLMODE": "require"},
        {DSN: "host=localhost,db.example.com sslmode=prefer"},
        {DSN: "host=localhost hostaddr=192.0.2.1 sslmode=verify-ca"},
        {DSN: "postgresql://db.example.com/x?sslmode=disable"},
    ],
)
def test_another_server_than_this_machine_s_is_verified(
    nowhere: pytest.MonkeyPatch, environment: dict[str, str]
) -> None:
    for name, value in environment.items():
        nowhere.setenv(name, value)
    with pytest.raises(ConfigError, match="lets anybody answer for"):
        address()
    address(unverified=True)


def test_verified_means_in_full(nowhere: pytest.MonkeyPatch) -> None:
    nowhere.setenv(DSN, "host=db.example.com password=hunter2")
    found = address()
    assert found.parameters["sslmode"] == "verify-full"
    assert "hunter2" not in repr(found)
    assert "sslmode" not in address(unverified=True).parameters


LOCAL = ["", "host=localhost", "host=/run/pg", "host=::1", "hostaddr=127.0.0.1"]


@pytest.mark.parametrize("local", LOCAL)
def test_this_machine_s_own_server_needs_no_certificate(
    nowhere: pytest.MonkeyPatch, local: str
) -> None:
    nowhere.setenv(DSN, local)
    assert "sslmode" not in address().parameters
