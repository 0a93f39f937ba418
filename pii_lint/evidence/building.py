"""A project built by dbt, where and as somebody else says."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import chdir
from pathlib import Path

from pii_lint.errors import ConfigError
from pii_lint.warehouse.profile import Target


class BuildFailed(Exception):
    """dbt could not build the copy."""

    def __init__(self, where: str) -> None:
        super().__init__(where)
        self.where = where
        # the first node that failed


def write_profile(desk: Path, target: Target, **instead: str) -> None:
    """A profile with the target, some of its words exchanged; for nobody else to read."""
    output = {**target.values, **instead}
    profile = {target.profile: {"target": target.name, "outputs": {target.name: output}}}
    file = desk / "profiles.yml"
    file.touch(mode=0o600)
    file.write_text(json.dumps(profile), "utf-8")


def build(project_dir: Path, desk: Path, words: Sequence[str]) -> None:
    """Let dbt make every model and snapshot, by the profile on the desk. Raises `BuildFailed`."""
    # Not at the top: dbt takes seconds to load.
    try:
        from dbt.cli.main import dbtRunner
    except ImportError:
        raise ConfigError(
            "This builds the project with dbt: install `pii-lint[duckdb]` beside it."
        ) from None
    told = ["--quiet", "--log-level", "none", "--log-level-file", "none", "build"]
    told += ["--resource-type", "model", "--resource-type", "snapshot"]
    told += ["--project-dir", str(project_dir), "--profiles-dir", str(desk)]
    told += ["--target-path", str(desk / "target"), "--log-path", str(desk / "logs")]
    told += words
    try:
        with chdir(project_dir):
            result = dbtRunner().invoke(told)
    finally:
        _let_go()
    if not result.success:
        nodes = getattr(result.result, "results", None) or ()
        failed = [one.node.name for one in nodes if str(one.status) in ("error", "fail")]
        raise BuildFailed(failed[0] if failed else "the project itself")


def _let_go() -> None:
    """dbt keeps a DuckDB file open for its next run, which is on another one."""
    try:
        from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    except ImportError:
        return
    DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]
