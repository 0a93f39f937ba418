"""`docs/ten-minutes.md`, done word by word on a project that never heard of `pii-lint`."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import sysconfig
import venv
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.pickup.page import Command, File, Step, matches, steps, take

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/ten-minutes.md"
# Where the page names this repository by its address, the reader of the test has it on disk.
HERE = {
    "git+<this repository>": ROOT.as_uri(),
    "  - git: <this repository>\n    subdirectory: dbt_package": f"  - local: {ROOT}/dbt_package",
}
RAW = """
create schema crm; create schema web;
create table crm.contacts as from (values
    (1, 'Ada@example.com', '555-0101', 'IT'), (2, 'ben@example.com', null, 'FR'),
    (3, null, null, 'DE')
) as t(contact_id, email, phone, country);
create table crm.employees as from (values
    ('E1', 'Cleo Sample', date '1990-02-03', 4000), ('E2', 'Dan Sample', date '1981-05-06', 5000)
) as t(employee_no, full_name, date_of_birth, salary);
create table web.orders as from (values
    (10, 1, 'Sample Street 1', 9.5), (11, 2, 'Sample Street 2', 20)
) as t(order_id, contact_id, ship_to_street, total);
"""


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody at a terminal, in the folder of a dbt project."""

    folder: Path
    environment: Mapping[str, str]

    def types(self, command: str, exit_code: int = 0) -> str:
        return take(Command(command, exit_code, ()), self.folder, self.environment)

    def query(self, sql: str) -> list[tuple[object, ...]]:
        import duckdb

        with duckdb.connect(str(self.folder / "target/webshop.duckdb")) as connection:
            return connection.execute(sql).fetchall()


def as_on_disk(step: Step) -> Step:
    def here(text: str) -> str:
        for there, place in HERE.items():
            text = text.replace(there, place)
        return text

    if isinstance(step, File):
        return File(step.path, here(step.content))
    return Command(here(step.typed), step.exit_code, step.shown)


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory, require: Callable[[str], None]) -> Reader:
    """At the end of the page, each of its steps taken."""
    require("dbt")
    require("duckdb")
    folder = tmp_path_factory.mktemp("reader") / "webshop"
    made = shutil.ignore_patterns("target", "logs", "README.md", ".user.yml")
    shutil.copytree(ROOT / "tests/projects/foreign", folder, ignore=made)
    (folder / "target").mkdir()
    # an environment of its own, which has dbt but not this working tree
    home = folder.parent / "environment"
    venv.create(home, symlinks=True)
    (site,) = home.glob("lib/python*/site-packages")
    (site / "with_dbt.pth").write_text(sysconfig.get_path("purelib") + "\n")
    # dbt's neighbour, for a pip of its own takes long to install
    (home / "bin/pip").write_text(f'#!/bin/sh\nexec {home}/bin/python -m pip "$@"\n')
    (home / "bin/pip").chmod(0o755)
    reader = Reader(
        folder,
        {
            "PATH": os.pathsep.join(
                [str(home / "bin"), str(Path(sys.executable).parent), os.environ["PATH"]]
            ),
            "HOME": str(folder.parent),
            "PII_LINT_CACHE_DIR": str(folder.parent / "cache"),
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
            **{name: os.environ[name] for name in os.environ if name.startswith("PIP_")},
        },
    )
    reader.query(RAW)
    transcript = [
        take(as_on_disk(step), folder, reader.environment)
        for step in steps(PAGE.read_text(encoding="utf-8"))
    ]
    (folder.parent / "transcript.txt").write_text("\n".join(transcript), encoding="utf-8")
    return reader


@pytest.mark.slow
def test_the_page_ends_with_hashes_under_the_salt_that_was_made(reader: Reader) -> None:
    ((salt,),) = reader.query("select salt from pii_secrets.pii_salt")
    logins = dict(reader.query("select contact_id, login from customers"))
    assert logins == {
        1: hashlib.sha256(f"ada@example.com{salt}".encode()).hexdigest(),
        2: hashlib.sha256(f"ben@example.com{salt}".encode()).hexdigest(),
        3: None,
    }


@pytest.mark.slow
def test_the_reader_used_the_installed_linter_and_not_this_tree(reader: Reader) -> None:
    where = reader.types("python -c 'import pii_lint; print(pii_lint.__file__)'")
    assert str(reader.folder.parent / "environment") in where


@pytest.mark.slow
def test_a_leak_that_comes_later_is_found_by_the_gate_and_by_the_package(reader: Reader) -> None:
    mart = reader.folder / "transform/core/customers.sql"
    clean = mart.read_text(encoding="utf-8")
    try:
        mart.write_text(
            "select contact_id, email as login, country from {{ source('crm', 'contacts') }}"
        )
        built = reader.types("dbt build", exit_code=1)
        assert "FAIL 2 assert_no_pii_in_marts" in built
        assert "@example.com" not in built
        judged = reader.types("pii-lint check", exit_code=1)
        assert "Column `login` of the safe model `customers` holds readable" in judged
    finally:
        mart.write_text(clean)


@pytest.mark.slow
def test_without_a_salt_nothing_is_built(reader: Reader) -> None:
    reader.query("alter table pii_secrets.pii_salt rename to put_away")
    try:
        assert "hash_pii has no salt" in reader.types("dbt run", exit_code=2)
    finally:
        reader.query("alter table pii_secrets.put_away rename to pii_salt")


# the page's own reader


def test_a_page_is_read_as_files_and_commands() -> None:
    page = (
        '```yaml title="a/b.yml"\nx: 1\n```\n\n```console\n$ one  # exit code 2\nsaid\n$ two\n```\n'
    )
    assert list(steps(page)) == [
        File("a/b.yml", "x: 1\n"),
        Command("one", 2, ("said",)),
        Command("two", 0, ()),
    ]


def test_a_block_that_nobody_would_try_is_refused() -> None:
    with pytest.raises(ValueError, match="neither a file nor a command"):
        list(steps("```yaml\nx: 1\n```\n"))


@pytest.mark.parametrize(
    ("shown", "same"),
    [
        (("a", "b", "c"), True),
        (("…", "c"), True),
        (("a", "…"), True),
        (("a", "…", "b", "c"), True),
        (("a", "c"), False),
        (("…", "b"), False),
        (("a", "b", "c", "d"), False),
    ],
)
def test_what_is_shown_has_to_come_out(shown: tuple[str, ...], same: bool) -> None:
    assert matches(shown, ["a", "b", "c"]) is same


def test_another_exit_code_than_the_pages_fails(tmp_path: Path) -> None:
    with pytest.raises(AssertionError):
        take(Command("exit 1", 0, ()), tmp_path, os.environ)
