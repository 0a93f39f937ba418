"""`sqlglot.lineage`, a column at a time, over a sample of a manifest's columns. Prints the CPU seconds
of a column. Each model is taken by itself, with its parents' columns as the schema."""

from __future__ import annotations

import json
import random
import sys
import time
from pathlib import Path

from sqlglot.errors import SqlglotError
from sqlglot.lineage import lineage

Schema = dict[str, dict[str, dict[str, dict[str, str]]]]


def main(manifest: str, catalog: str, sample: str) -> None:
    nodes = json.loads(Path(manifest).read_text("utf-8"))["nodes"]
    tables = json.loads(Path(catalog).read_text("utf-8"))
    known = {**tables["nodes"], **tables["sources"]}
    columns = [
        (node["compiled_code"], column, _schema(known, node["depends_on"]["nodes"]))
        for key, node in nodes.items()
        if node["resource_type"] == "model"
        for column in known[key]["columns"]
    ]
    chosen = random.Random(0).sample(columns, min(int(sample), len(columns)))
    lineage("a", "select a from t", schema={"t": {"a": "int"}}, dialect="duckdb")
    failed = 0
    began = time.process_time()
    for sql, column, schema in chosen:
        try:
            lineage(column, sql, schema=schema, dialect="duckdb")
        except (SqlglotError, ValueError):
            failed += 1
    spent = (time.process_time() - began) / len(chosen)
    print(
        json.dumps(
            {"a_column": spent, "columns": len(columns), "failed": failed, "sample": len(chosen)}
        )
    )


def _schema(known: dict[str, dict[str, dict[str, object]]], parents: list[str]) -> Schema:
    schema: Schema = {}
    for parent in parents:
        at, columns = known[parent]["metadata"], known[parent]["columns"]
        tables = schema.setdefault(str(at["database"]), {}).setdefault(str(at["schema"]), {})
        tables[str(at["name"])] = dict.fromkeys(columns, "varchar")
    return schema


if __name__ == "__main__":
    main(*sys.argv[1:])
