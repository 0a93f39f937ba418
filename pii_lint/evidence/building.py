"""dbt builds a project in this process, elsewhere than a user would have it built."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import chdir
from importlib import import_module
from pathlib import Path

from pii_lint.errors import ConfigError
from pii_lint.warehouse.profile import Target


class BuildFailed(Exception):
    """dbt could not build all of it."""

    def __init__(self, where: str) -> None:
        super().__init__(where)
        self.where = where
        # the first node that failed


def profile_at(database: Path, target: Target) -> None:
    """A profiles.yml beside a DuckDB file that makes dbt build in that file."""
    output = {**target.values, "path": str(database)}
    profile = {target.profile: {"target": target.name, "outputs": {target.name: output}}}
    (database.parent / "profiles.yml").write_text(json.dumps(profile), "utf-8")


def build(
    project_dir: Path,
    desk: Path,
    chosen: Sequence[str],
    *,
    anew: bool = True,
    profiles_dir: Path | None = None,
    target: str | None = None,
    variables: str | None = None,
) -> None:
    """Make everything chosen, incremental models from the beginning if it is to be anew. What dbt
    writes down goes to the folder `desk`, where the profile stands too unless said otherwise.

    `chosen` are words of dbt's command line, `variables` is what its --vars takes.
    Raises `BuildFailed`.
    """
    # Not at the top: dbt takes seconds to load.
    try:
        from dbt.cli.main import dbtRunner
    except ImportError:
        raise ConfigError(
            "This builds the project with dbt: install `pii-lint[duckdb]` or `pii-lint[postgres]`."
        ) from None
    words = ["--quiet", "--log-level", "none", "--log-level-file", "none"]
    words += ["build", *(["--full-refresh"] if anew else []), *chosen]
    words += ["--project-dir", str(project_dir), "--profiles-dir", str(profiles_dir or desk)]
    words += ["--target-path", str(desk / "target"), "--log-path", str(desk / "logs")]
    words += ["--target", target] if target else []
    words += ["--vars", variables] if variables else []
    try:
        with chdir(project_dir):
            result = dbtRunner().invoke(words)
    finally:
        _let_go()
    if not result.success:
        nodes = getattr(result.result, "results", None) or ()
        failed = [one.node.name for one in nodes if str(one.status) in ("error", "fail")]
        raise BuildFailed(failed[0] if failed else "the project itself")


def _let_go() -> None:
    """dbt keeps a DuckDB file open for its next run, which is on another one."""
    try:
        connections = import_module("dbt.adapters.duckdb.connections")
    except ImportError:
        return
    connections.DuckDBConnectionManager.close_all_connections()
