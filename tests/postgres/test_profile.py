"""`pii-lint profile` on PostgreSQL, as a role that may only read."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pii_lint.cli import main
from tests.postgres.server import Database
from tests.unit.test_cli import SOURCE, manifest

ROWS = """
create schema raw;
create schema main;
create type raw.mood as enum ('ann@x.com', 'sad');
create table raw.customers (
  email text, country varchar(2), items integer, spent numeric(9, 2), joined date,
  seen_at timestamptz, active boolean, payload jsonb, plain json, tags text[], mood raw.mood,
  ends_on date, ratio double precision, born_before date, place point, "100%s (here)" integer,
  fixed char(3), secret text
);
insert into raw.customers
select 'ann' || i || '@x.com', 'IT', i, i * 1.5, date '2001-02-03' + i,
  '2024-05-06 07:08:09.5+02', i % 2 = 0, '{"email": "ann@x.com"}', '{"email": "ann@x.com"}',
  array['ann@x.com'], 'sad', case when i = 3 then 'infinity'::date else '2001-01-01' end,
  case when i = 3 then 'NaN'::float8 else i end, '0044-03-15 BC', point(i, i), i, 'abc', null
from generate_series(0, 9) r(i);
do $$ begin
  if to_regrole('profiler') is null then create role profiler login; end if;
end $$;
grant usage on schema raw, main to profiler;
"""
KNOWN = (
    *("items", "spent", "joined", "seen_at", "active", "payload", "plain", "tags", "mood"),
    *("ends_on", "ratio", "born_before", "place", "100%s (here)", "fixed"),
)


@pytest.fixture
def profile(
    database: Database,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Callable[..., Any]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PII_LINT_TIER", raising=False)
    database.run(ROWS)
    database.run("grant select on raw.customers to profiler")
    target = {"type": "postgres", "host": str(database.server.sockets), "user": "profiler"}
    target |= {"port": database.server.port, "dbname": database.name, "schema": "main"}
    profiles = {"shop": {"target": "dev", "outputs": {"dev": target}}}
    Path("profiles.yml").write_text(json.dumps(profiles), "utf-8")
    Path("dbt_project.yml").write_text("name: shop\nprofile: shop\n", "utf-8")
    content: Any = manifest()
    for name in KNOWN:
        content["sources"][SOURCE]["columns"][name] = {"name": name}
    for node in content["nodes"].values():
        file = Path(node["original_file_path"])
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("select 1", "utf-8")
    Path("manifest.json").write_text(json.dumps(content), "utf-8")

    def run(*words: str, code: int = 0, format_: str = "json") -> Any:
        given = ["--manifest", "manifest.json", "--format", format_]
        assert main(["profile", *(words or ("customers",)), *given]) == code
        told = capsys.readouterr()
        if code:
            return told.err
        if format_ != "json":
            return told.out
        (relation,) = json.loads(told.out)["relations"]
        return relation["rows"], {one["position"]: one for one in relation["columns"]}

    return run


def test_it_counts_every_type_and_bounds_those_that_are_safe(profile: Callable[..., Any]) -> None:
    rows, found = profile()
    assert rows == 10
    assert {one["name"] or at: (one["distinct"], one["nulls"]) for at, one in found.items()} == {
        **dict.fromkeys(("email", "items", "spent", "joined", "ratio", "place", 16), (10, 0)),
        **dict.fromkeys(("country", "seen_at", "payload", "plain", "tags"), (1, 0)),
        **dict.fromkeys(("mood", "born_before", "fixed"), (1, 0)),
        **dict.fromkeys(("active", "ends_on"), (2, 0)),
        18: (0, 10),
    }
    bounds = {
        one["name"] or at: (one["least"], one["greatest"])
        for at, one in found.items()
        if one["withheld"] is None
    }
    assert bounds == {
        "items": ("0", "9"),
        "spent": ("0.00", "13.50"),
        "joined": ("2001-02-03", "2001-02-12"),
        "seen_at": ("2024-05-06 05:08:09.5+00", "2024-05-06 05:08:09.5+00"),
        16: ("0", "9"),
    }
    assert found[18]["withheld"] == "not known to the project"


@pytest.mark.parametrize("format_", ["text", "json", "markdown"])
def test_no_value_and_no_hostile_name_is_shown(profile: Callable[..., Any], format_: str) -> None:
    told = str(profile(format_=format_))
    for part in ("ann", "x.com", "100%", "here", "secret", "infinity", "NaN", "BC", "abc", "sad"):
        assert part not in told, part


def test_at_tier_2_there_are_counts_alone(
    profile: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PII_LINT_TIER", "2")
    rows, found = profile()
    assert rows == 10
    assert not [one for one in found.values() if one["least"] or one["greatest"]]


def test_of_two_columns_that_differ_in_case_nothing_is_known(
    profile: Callable[..., Any], database: Database
) -> None:
    database.run('alter table raw.customers add column "Items" integer default 7')
    _, found = profile()
    assert [found[at]["withheld"] for at in (3, 19)] == ["not known to the project"] * 2
    assert found[4]["withheld"] is None


def test_a_role_that_may_not_read_is_told_so(
    profile: Callable[..., Any], database: Database
) -> None:
    database.run("revoke select on raw.customers from profiler")
    assert "this role may not see it" in profile(code=2)
    database.run("grant select (items) on raw.customers to profiler")
    rows, found = profile()
    assert [one["name"] for one in found.values()] == ["items"]
    assert rows == 10
