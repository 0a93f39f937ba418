"""Write every generated file anew: each is what its source says and is never edited by hand."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from pii_lint.data.functions import render_functions_json

ROOT = Path(__file__).parents[1]

# file -> its text
RENDERED = {"pii_lint/data/functions.json": render_functions_json}

# commands that write their own files
WRITERS = (
    ["seeds/generate.py"],
    ["-m", "pii_lint.rules.pages"],
)


def main() -> None:
    for name, render in RENDERED.items():
        (ROOT / name).write_text(render(), encoding="utf-8", newline="\n")
    for writer in WRITERS:
        subprocess.run([sys.executable, *writer], cwd=ROOT, check=True)


if __name__ == "__main__":
    main()
