"""`make bench`: measure `pii-lint check` and its peers on made-up projects."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from tests.bench import peers
from tests.bench.runs import MEGABYTE, Bench
from tests.bench.table import Peer, as_json, markdown

FOLDER = Path("target/bench")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--models", type=int, nargs="+", default=[100, 1000, 5000])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--no-peers", action="store_true", help="leave other tools out")
    given = parser.parse_args()
    folder = FOLDER.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    bench = Bench(folder)
    measured = bench.rounds(given.models, given.runs, _tell)
    middle = sorted(given.models)[len(given.models) // 2]
    others = [] if given.no_peers else _peers(bench, folder, middle)
    result = as_json(measured, others, bench.notes)
    (folder / "results.json").write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    sys.stdout.write(markdown(measured, others, bench.notes))


def _peers(bench: Bench, folder: Path, models: int) -> list[Peer]:
    project = bench.with_catalog(models)
    _tell(f"sqlglot.lineage, {models} models")
    parse = bench.parse(project)
    a_column, columns = peers.lineage_a_column(project)
    found = [Peer("sqlglot.lineage", models, a_column * columns, parse, remark="extrapolated")]
    _tell(f"dbt-colibri, {models} models")
    try:
        command = peers.install_colibri(folder)
    except peers.NotInstalled as reason:
        return [*found, Peer("dbt-colibri", models, remark=f"not installed: {reason}")]
    parse = bench.parse(project)
    cost = peers.colibri(command, project, folder / "colibri-report")
    return [
        *found,
        Peer("dbt-colibri", models, cost.cpu, parse, cost.wall, cost.memory / MEGABYTE),
    ]


def _tell(what: str) -> None:
    sys.stderr.write(f"{what}\n")


if __name__ == "__main__":
    main()
