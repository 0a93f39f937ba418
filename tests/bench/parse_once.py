"""The yardstick: sqlglot parses every model of a manifest once. Prints the CPU seconds of that loop
alone; starting Python, importing sqlglot and reading the manifest aren't in it."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import sqlglot


def main(path: str) -> None:
    nodes = json.loads(Path(path).read_text("utf-8"))["nodes"].values()
    texts = [node["compiled_code"] for node in nodes if node["resource_type"] == "model"]
    del nodes
    sqlglot.parse("select 1", read="duckdb")  # loads the dialect
    began = time.process_time()
    for text in texts:
        sqlglot.parse(text, read="duckdb")
    print(time.process_time() - began)


if __name__ == "__main__":
    main(sys.argv[1])
