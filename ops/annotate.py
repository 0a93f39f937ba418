"""Print a report of `pii-lint check --format json` as annotations for GitHub.

They are lines of the job's log, so they need no token and work on a fork's pull request too.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

LEVELS = {"error": "error", "warn": "warning"}
# Notes stay in the report: GitHub shows ten annotations of a level, and errors come first.


def annotations(report: Mapping[str, Any]) -> Iterator[str]:
    """One workflow command a finding that counts, errors first."""
    for severity, level in LEVELS.items():
        for finding in report["findings"]:
            if finding["severity"] == severity and not finding["suppressed"]:
                yield _command(level, finding)


def _command(level: str, finding: Mapping[str, Any]) -> str:
    properties = {"title": f"{finding['code']} {finding['rule']}"}
    location = finding["location"]
    # Compiled SQL is no file of the repository, so there is no line to hang the annotation on.
    if location and location["kind"] != "compiled":
        properties |= {
            "file": location["file"],
            "line": str(location["line"]),
            "endLine": str(location["end_line"]),
        }
    written = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    message = "\n".join(filter(None, (finding["message"], finding["fix"])))
    return f"::{level} {written}::{_data(message)}"


def _data(text: str) -> str:
    # Unescaped, a name with a line break could start a command of its own.
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


if __name__ == "__main__":
    for line in annotations(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))):
        print(line)
