"""`python -m tests.bench.accuracy`: the same questions to `pii-lint`, `sqlglot.lineage` and dbt-colibri."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb
import yaml
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.lineage import lineage

from pii_lint import __version__
from tests.bench import peers
from tests.evidence.shop import dbt

HERE = Path(__file__).parent
FOLDER = Path("target/bench")

Answer = Mapping[str, frozenset[str]]
"""For each output column, the columns of `people` that its value can come from."""


@dataclass(frozen=True, slots=True)
class Case:
    """One query with the true answer."""

    name: str
    model: str
    sql: str
    expect: Answer


def cases() -> tuple[dict[str, list[object]], list[Case]]:
    """The table `people`, and the questions about it."""
    read = yaml.safe_load((HERE / "accuracy.yml").read_text(encoding="utf-8"))
    return read["people"], [
        Case(
            each["name"],
            each["name"].lower().replace(" ", "_"),
            each["sql"],
            {column: frozenset(origins) for column, origins in each["expect"].items()},
        )
        for each in read["cases"]
    ]


def load(
    connection: duckdb.DuckDBPyConnection, table: str, people: Mapping[str, list[Any]]
) -> None:
    """The table with its rows."""
    rows = list(zip(*people.values(), strict=True))
    typed = [f"{name} {'integer' if name == 'id' else 'varchar'}" for name in people]
    connection.execute(f"create or replace table {table} ({', '.join(typed)})")
    marks = ", ".join("?" for _ in people)
    connection.executemany(f"insert into {table} values ({marks})", rows)


def truth(case: Case, people: Mapping[str, list[Any]]) -> Answer:
    """Which output columns change where one column of `people` does: asked of the engine."""

    def outputs(world: Mapping[str, list[Any]]) -> dict[str, list[str]]:
        with duckdb.connect(":memory:") as connection:
            load(connection, "people", world)
            done = connection.execute(case.sql.format(people="people"))
            names = [column[0] for column in done.description or ()]
            rows = done.fetchall()
            return {name: sorted(repr(row[at]) for row in rows) for at, name in enumerate(names)}

    before = outputs(people)
    found: dict[str, set[str]] = {name: set() for name in before}
    for origin, values in people.items():
        other = [value + 10 if isinstance(value, int) else f"{value}0" for value in values]
        after = outputs({**people, origin: other})
        for name in before:
            if before[name] != after[name]:
                found[name].add(origin)
    return {name: frozenset(origins) for name, origins in found.items()}


def project(folder: Path, people: Mapping[str, list[Any]], asked: list[Case]) -> None:
    """A dbt project with one model a case, built, with manifest and catalogue."""
    (folder / "models").mkdir(parents=True, exist_ok=True)
    database = folder / "people_here.duckdb"
    database.unlink(missing_ok=True)
    with duckdb.connect(str(database)) as connection:
        load(connection, "main.people", people)
    tagged = [
        {"name": n, "config": {"meta": {"pii": True, "pii_type": "personal"}}} for n in people
    ]
    files: dict[str, object] = {
        "dbt_project.yml": {"name": "asked", "profile": "asked", "config-version": 2},
        "profiles.yml": {
            "asked": {
                "target": "dev",
                "outputs": {"dev": {"type": "duckdb", "path": str(database), "threads": 1}},
            }
        },
        "models/src.yml": {
            "sources": [
                {"name": "raw", "schema": "main", "tables": [{"name": "people", "columns": tagged}]}
            ]
        },
    }
    for path, content in files.items():
        (folder / path).write_text(yaml.safe_dump(content), encoding="utf-8")
    for case in asked:
        sql = case.sql.format(people="{{ source('raw', 'people') }}")
        (folder / "models" / f"{case.model}.sql").write_text(sql + "\n", encoding="utf-8")
    dbt(folder, "run")
    dbt(folder, "docs", "generate")


def asked_pii_lint(folder: Path, asked: list[Case]) -> dict[str, Answer]:
    """Labels of the columns, without what only decided which rows there are."""
    said = subprocess.run(
        [
            sys.executable,
            "-m",
            "pii_lint",
            "inventory",
            "--project-dir",
            folder,
            "--format",
            "json",
        ],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    columns = json.loads(said)["columns"]
    found: dict[str, Answer] = {}
    for case in asked:
        labelled = columns.get(f"model.asked.{case.model}", {})
        found[case.name] = {
            column: frozenset(
                label["origin"].rpartition(".")[2]
                for label in labelled.get(column, {"labels": []})["labels"]
                if label["form"] not in ("signal", "unknown")
            )
            for column in case.expect
        }
    return found


def asked_sqlglot(case: Case, people: Mapping[str, list[Any]]) -> Answer:
    """The leaves of `sqlglot.lineage`, a column at a time, with the schema given."""
    schema = {"people": {name: "int" if name == "id" else "varchar" for name in people}}
    found = {}
    for column in case.expect:
        try:
            root = lineage(
                column, case.sql.format(people="people"), schema=schema, dialect="duckdb"
            )
        except (SqlglotError, ValueError, AttributeError, KeyError):
            found[column] = frozenset[str]()
            continue
        found[column] = frozenset(
            node.name.rpartition(".")[2].strip('"')
            for node in root.walk()
            if isinstance(node.expression, exp.Table)
        ) & set(people)
    return found


def asked_colibri(folder: Path, tools: Path, asked: list[Case]) -> dict[str, Answer]:
    """The edges of dbt-colibri's manifest."""
    peers.colibri(peers.install_colibri(tools), folder, folder / "colibri")
    read = json.loads((folder / "colibri/colibri-manifest.json").read_text(encoding="utf-8"))
    edges = [
        (edge["target"], edge["targetColumn"], edge["sourceColumn"])
        for edge in read["lineage"]["edges"]
    ]
    return {
        case.name: {
            column: frozenset(
                source
                for target, at, source in edges
                if target == f"model.asked.{case.model}" and at == column
            )
            for column in case.expect
        }
        for case in asked
    }


def table(asked: list[Case], answers: Mapping[str, Mapping[str, Answer]]) -> str:
    """A row a case; at the end, of all edges, how many were found and how many were invented."""
    lines = [
        f"| the query has | {' | '.join(answers)} |",
        "|---|" + "---|" * len(answers),
        *(
            f"| {case.name} | {' | '.join(_verdict(case.expect, each[case.name]) for each in answers.values())} |"
            for case in asked
        ),
    ]
    there = sum(len(origins) for case in asked for origins in case.expect.values())
    sums = []
    for each in answers.values():
        pairs = [(c.expect[col], each[c.name][col]) for c in asked for col in c.expect]
        found = sum(len(true & said) for true, said in pairs)
        sums.append(
            f"{found} of {there} found, {sum(len(said - true) for true, said in pairs)} invented"
        )
    return "\n".join([*lines, f"| **edges** | {' | '.join(sums)} |"]) + "\n"


def _verdict(expect: Answer, said: Answer) -> str:
    missed = {origin for column, origins in expect.items() for origin in origins - said[column]}
    added = {origin for column, origins in expect.items() for origin in said[column] - origins}
    words = [f"misses {', '.join(sorted(missed))}"] if missed else []
    words += [f"adds {', '.join(sorted(added))}"] if added else []
    return "; ".join(words) or "right"


def main() -> None:
    """Ask, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.accuracy", description=__doc__)
    parser.add_argument("--no-peers", action="store_true", help="leave other tools out")
    given = parser.parse_args()
    tools = FOLDER.absolute()
    folder = tools / "accuracy"
    people, asked = cases()
    for case in asked:
        if truth(case, people) != case.expect:
            raise SystemExit(f"The engine answers otherwise than accuracy.yml says: {case.name}")
    project(folder, people, asked)
    answers = {f"pii-lint {__version__}": asked_pii_lint(folder, asked)}
    if not given.no_peers:
        answers[f"sqlglot.lineage {version('sqlglot')}"] = {
            case.name: asked_sqlglot(case, people) for case in asked
        }
        try:
            answers[f"dbt-colibri {peers.COLIBRI}"] = asked_colibri(folder, tools, asked)
        except peers.NotInstalled as reason:
            sys.stderr.write(f"dbt-colibri is left out: {reason}\n")
    sys.stdout.write(table(asked, answers))


if __name__ == "__main__":
    main()
