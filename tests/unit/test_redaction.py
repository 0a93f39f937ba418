"""What DuckDB says of an error may quote a row; no command hands that on."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import pii_lint.pipeline.check
from pii_lint.cli import main
from tests.unit.test_cli import CLEAN, manifest

VALUE = "alice@example.com"
VIEW = """\
create schema raw;
create table raw.kept as select 'alice@example.com' as email, 'IT' as country;
create view raw.customers as select email::integer as email, country from raw.kept;
create view main.fct_reach as select email::integer as country from raw.kept;
create schema pii_secrets;
create view pii_secrets.pii_salt as select email::integer::varchar as salt from raw.kept;
"""
COMMANDS = {
    "scan": ["scan", "customers", "--full"],
    "profile": ["profile", "customers"],
    "blast-radius": ["blast-radius", "raw.customers.country", "--data"],
    "publish": ["publish", "out"],
    "salt check": ["salt", "check"],
    "salt init": ["salt", "init"],
}


@pytest.fixture
def shop(require: Callable[[str], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A warehouse whose every relation fails on the value that it holds."""
    require("duckdb")
    import duckdb

    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PII_LINT_TIER", raising=False)
    content: Any = manifest(CLEAN)
    Path("manifest.json").write_text(json.dumps(content), "utf-8")
    with duckdb.connect("shop.duckdb") as connection:
        connection.execute(VIEW)
        with pytest.raises(duckdb.Error, match=VALUE):
            connection.execute("select * from raw.customers")


@pytest.mark.parametrize("debug", [False, True], ids=["plain", "debug"])
@pytest.mark.parametrize("name", COMMANDS)
def test_no_command_shows_the_value_on_which_it_failed(
    shop: None, capsys: pytest.CaptureFixture[str], name: str, debug: bool
) -> None:
    where = ["--database", "shop.duckdb"]
    if not name.startswith("salt"):
        where += ["--manifest", "manifest.json"]
    code = main([*(["--debug"] * debug), *COMMANDS[name], *where])
    told = capsys.readouterr()
    assert VALUE not in told.out + told.err
    assert "alice" not in told.out + told.err
    # a radius stands without its counts
    assert code == (0 if name == "blast-radius" else 2), told.err
    assert (
        "can't be read as the manifest" in told.out if code == 0 else told.err.startswith("error: ")
    )


@pytest.mark.parametrize("debug", [False, True], ids=["plain", "debug"])
def test_an_error_that_nobody_foresaw_shows_where_it_arose_and_no_more(
    shop: None,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    debug: bool,
) -> None:
    import duckdb

    def fail(_: object) -> None:
        try:
            with duckdb.connect("shop.duckdb", read_only=True) as connection:
                connection.execute("select * from raw.customers")
        except duckdb.Error as error:
            raise RuntimeError(f"it was {VALUE}") from error

    monkeypatch.setattr(pii_lint.pipeline.check, "check", fail)
    assert main([*(["--debug"] * debug), "check", "--no-cache"]) == 4
    told = capsys.readouterr().err
    assert "alice" not in told
    assert "RuntimeError" in told
    assert ("ConversionException" in told) is debug
    assert (told.count("Traceback"), "in fail" in told) == (2 * debug, debug)
