"""`python -m tests.bench.generate FOLDER --models 1000`: write a made-up project."""

from __future__ import annotations

import argparse
from pathlib import Path

from tests.bench import manifest
from tests.bench.project import warehouse


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--models", type=int, default=1000)
    parser.add_argument("--relevant", type=float, default=1.0, help="share between label and sink")
    parser.add_argument("--change", help="the name of a model to edit")
    parser.add_argument("--catalog", action="store_true", help="write catalog.json as well")
    given = parser.parse_args()
    made = warehouse(given.models, given.relevant)
    manifest.write(made, given.folder, changed=given.change)
    if given.catalog:
        manifest.write_catalog(made, given.folder)


if __name__ == "__main__":
    main()
