"""What a build loses, a post-hook gives back: a real dbt on a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import psycopg
import pytest

from pii_lint.governance.dialects import DIALECTS
from pii_lint.governance.macro import macro
from pii_lint.governed import Access, GovernedColumn, GovernedRelation
from tests.postgres.server import Database, Server, fresh
from tests.warehouse import REPOSITORY, Warehouse

pytestmark = pytest.mark.slow

READER = "hook_reader"
BUILT = ["run", "--quiet"]
FILES = {
    "dbt_project.yml": """\
name: hooked
profile: hooked
models: {+materialized: table, +post-hook: "{{ pii_lint.reapply_access() }}"}
flags: {send_anonymous_usage_stats: false}
""",
    "packages.yml": f"packages: [{{local: {REPOSITORY / 'dbt_package'}}}]\n",
    "models/contact.sql": "select 'a' as email, 'b' as country\n",
}
PLAN = Access(
    adapter="postgres",
    relations=(
        GovernedRelation(
            node="model.hooked.contact",
            database=None,
            schema="marts",
            name="contact",
            columns=(
                GovernedColumn(
                    "email",
                    classification="confidential",
                    kinds=("contact.email",),
                    form="clear",
                    mask="confidential",
                ),
                GovernedColumn("country"),
            ),
            readers=(READER,),
        ),
    ),
    cleared={"confidential": ()},
    roles=(READER,),
)


@pytest.fixture(scope="module")
def hooked(
    postgres: Server, require: Callable[[str], None], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Warehouse, Database]]:
    require("dbt")
    folder = tmp_path_factory.mktemp("hooked")
    with fresh(postgres) as made:
        made.run(f"create role {READER} login")
        where = f"host: {postgres.sockets}, port: {postgres.port}, dbname: {made.name}"
        profile = f"{{type: postgres, {where}, user: postgres, password: x, schema: marts}}"
        told = {**FILES, "profiles.yml": f"hooked: {{outputs: {{default: {profile}}}}}\n"}
        for name, text in told.items():
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(text, "utf-8")
        warehouse = Warehouse(folder)
        assert warehouse.run(["deps", "--quiet"]).success
        yield warehouse, made
        made.run(f"drop owned by {READER}; drop role {READER}")


def test_each_build_gives_the_relation_its_class_and_its_rights_again(
    hooked: tuple[Warehouse, Database],
) -> None:
    warehouse, database = hooked
    file = warehouse.project_dir / "macros/pii_lint_access.sql"
    file.parent.mkdir(exist_ok=True)
    file.write_text(macro(PLAN, DIALECTS["postgres"]), "utf-8")
    made = set()
    for _ in range(2):
        assert warehouse.run(BUILT).success
        ((number, told),) = database.run(
            "select c.oid, col_description(c.oid, 1) from pg_class as c "
            "where oid = 'marts.contact'::regclass"
        )
        made.add(number)
        assert told == "pii:confidential contact.email (clear)"
        database.run(f"grant usage on schema marts to {READER}")
        assert database.run("select country from marts.contact", READER) == [("b",)]
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            database.run("select email from marts.contact", READER)
    # dbt dropped it and made it anew, or this would show nothing
    assert len(made) == 2


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (None, "There is no macro pii_lint_access"),
        (
            macro(PLAN, DIALECTS["postgres"]).replace("hooked.contact", "hooked.other"),
            "doesn't know model.hooked.contact",
        ),
    ],
)
def test_a_plan_that_says_nothing_of_a_model_stops_the_run(
    hooked: tuple[Warehouse, Database], text: str | None, sentence: str
) -> None:
    warehouse, _ = hooked
    file = warehouse.project_dir / "macros/pii_lint_access.sql"
    file.unlink(missing_ok=True)
    if text is not None:
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, "utf-8")
    done = warehouse.run(BUILT)
    assert not done.success
    assert sentence in " ".join(str(done.result.results[0].message).split())
