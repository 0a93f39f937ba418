"""The guards' way through a pipeline: migrations, apply, check, down, up, scan, checklist."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from pii_lint.cli import main
from pii_lint.guard.database.ddl import down
from pii_lint.guard.database.plan import plan
from tests.postgres.server import Database, fresh, running

HERE = Path(__file__).parent


def controls(database: Database, report: Path) -> int:
    """The first exit code that isn't 0."""
    database.run((HERE / "roles.sql").read_text("utf-8"))
    database.run("alter schema public owner to migration_owner")
    database.run((HERE / "application.sql").read_text("utf-8"), user="migration_owner")
    os.environ["PII_LINT_DSN"] = database.dsn_as("migration_owner")
    for turn in ("apply", "down", "apply"):
        if turn == "down":
            database.run(down(plan()), user="migration_owner")
        elif code := main(["guard", "apply"]) or main(["guard", "check"]):
            return code
    return main(["guard", "scan"]) or main(["guard", "check", "--report", str(report)])


if __name__ == "__main__":
    with running() as server, fresh(server) as made:
        sys.exit(controls(made, Path("pii-ready.md")))
