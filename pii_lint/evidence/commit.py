"""Which state of the project a piece of evidence speaks of."""

from __future__ import annotations

import shutil
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path


def commit(project_dir: Path) -> str | None:
    """The commit, marked where files differ from it; None outside of version control."""
    git = shutil.which("git")
    if git is None:
        return None
    answers = []
    for words in (["rev-parse", "HEAD"], ["status", "--porcelain"]):
        run = subprocess.run(  # noqa: S603  fixed words
            [git, "-C", str(project_dir), *words], capture_output=True, text=True, check=False
        )
        if run.returncode:
            return None
        answers.append(run.stdout.strip())
    return f"{answers[0]}{' with changes' if answers[1] else ''}"


def version_of(package: str) -> str:
    """The version of a tool that took part."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "unknown"
