"""`python -m tests.bench.editor`: how soon an editor hears of a leak in one changed model."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.bench import manifest
from tests.bench.project import warehouse
from tests.editor.client import Editor

EDITS = 5


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.editor", description=__doc__)
    parser.add_argument("--models", type=int, default=1000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        os.environ["PII_LINT_CACHE_DIR"] = f"{name}/cache"
        folder = Path(name) / "project"
        manifest.write(warehouse(given.models, 1.0), folder)
        file = folder / "target" / "manifest.json"
        said = json.loads(file.read_text())
        marts = [
            node
            for uid, node in sorted(said["nodes"].items())
            if node["resource_type"] == "model" and "/safe/" in node["original_file_path"]
        ]
        editor = Editor()
        editor.greet(folder)
        first = folder / marts[0]["original_file_path"]
        start = time.perf_counter()
        editor.open(first)
        editor.wait(lambda one: one.get("method") == "textDocument/publishDiagnostics")
        print(f"the first look at {given.models} models: {time.perf_counter() - start:.2f} s")
        for mart in marts[:EDITS]:
            place = folder / mart["original_file_path"]
            leak(mart, place, said)
            file.write_text(json.dumps(said))
            start = time.perf_counter()
            editor.changed(file, place)
            editor.diagnostics(place)
            print(f"one changed model: {1000 * (time.perf_counter() - start):.0f} ms")
        editor.stop()


def leak(node: dict[str, Any], place: Path, said: dict[str, Any]) -> None:
    """Let a mart hand on all that a staging model holds, as `dbt compile` would write it."""
    staging = next(n for _, n in sorted(said["nodes"].items()) if n["name"].startswith("stg_"))
    raw = f"select * from {{{{ ref('{staging['name']}') }}}}"
    node["raw_code"], node["compiled_code"] = raw, f"select * from {staging['relation_name']}"
    digest = hashlib.sha256(raw.encode()).hexdigest()
    node["checksum"] = {"name": "sha256", "checksum": digest}
    node["depends_on"]["nodes"] = [staging["unique_id"]]
    place.write_text(raw)


if __name__ == "__main__":
    main()
