"""Small dbt projects, compiled by a real dbt in this process."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import chdir
from pathlib import Path

import pytest

PROJECTS = Path(__file__).parents[1] / "projects"
Compiled = Callable[..., Path]


@pytest.fixture(scope="session")
def compiled(require: Callable[[str], None]) -> Compiled:
    """Copies a project of `tests/projects` into a folder and compiles it there."""
    require("dbt")
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    def compile_in(folder: Path, project: str, *, name: str | None = None) -> Path:
        made = shutil.ignore_patterns("target", "logs")
        shutil.copytree(PROJECTS / project, folder, ignore=made)
        if name is not None:
            for file in ("dbt_project.yml", "profiles.yml"):
                text = (folder / file).read_text(encoding="utf-8")
                (folder / file).write_text(text.replace(project, name), encoding="utf-8")
        (folder / "target").mkdir()
        try:
            with chdir(folder):
                words = ["--quiet", "compile", "--project-dir", str(folder)]
                assert dbtRunner().invoke([*words, "--profiles-dir", str(folder)]).success
        finally:
            # or the next project would get this one's database
            DuckDBConnectionManager.close_all_connections()
        return folder

    return compile_in
