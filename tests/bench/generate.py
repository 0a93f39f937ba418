"""`python -m tests.bench.generate FOLDER --models 1000`: write a made-up project."""

from __future__ import annotations

import argparse
from pathlib import Path

from tests.bench import manifest
from tests.bench.project import warehouse


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.generate", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--models", type=int, default=1000)
    parser.add_argument("--relevant", type=float, default=1.0, help="share between label and sink")
    parser.add_argument("--edit", action="store_true", help="give one model a further column")
    parser.add_argument("--catalog", action="store_true", help="write catalog.json as well")
    given = parser.parse_args()
    made = warehouse(given.models, given.relevant)
    # in the middle of the warehouse, beside a source: those who read it are seen anew
    edited = made.models[len(made.models) // 2].name if given.edit else None
    manifest.write(made, given.folder, changed=edited)
    if given.catalog:
        manifest.write_catalog(made, given.folder)


if __name__ == "__main__":
    main()
