"""dbt adapters that write an engine's SQL and can't connect to it.

The real adapters bring their vendors' clients, 730 MB in all, for the one thing that no test here
does: to open a connection. What decides how SQL is written is small: where dispatch looks, how
names are quoted, what `string` is called, and the few macros in `macros/` that the project calls.
So these are what CI compiles with at every change. The price is that they may drift from the real
ones; `make dialects` installs those and sees that both write the same.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

from dbt.adapters.base import AdapterPlugin, BaseRelation
from dbt.adapters.base.column import Column
from dbt.adapters.contracts.connection import Connection, Credentials
from dbt.adapters.contracts.relation import Policy
from dbt.adapters.sql import SQLAdapter, SQLConnectionManager

MACROS = Path(__file__).parent / "macros"


@dataclass(frozen=True, slots=True)
class Engine:
    """How an engine's adapter writes names and types."""

    name: str
    quote: str = '"'
    quotes_relations: bool = True
    lowers_relations: bool = False
    types: Mapping[str, str] = field(default_factory=dict)
    calls: Mapping[str, str] = field(default_factory=dict)
    """What a profile calls the database and the schema, where it has names of its own for them."""
    inherits: tuple[str, ...] = ()


ENGINES = (
    Engine("snowflake", quotes_relations=False),
    Engine(
        "bigquery",
        quote="`",
        types={"TEXT": "STRING", "FLOAT": "FLOAT64", "INTEGER": "INT64"},
        calls={"project": "database", "dataset": "schema"},
    ),
    Engine("spark", quote="`", types={"LONG": "BIGINT"}),
    Engine(
        "databricks",
        quote="`",
        lowers_relations=True,
        types={"LONG": "BIGINT"},
        calls={"catalog": "database"},
        inherits=("spark",),
    ),
    Engine("redshift", calls={"dbname": "database"}, inherits=("postgres",)),
    Engine("trino", calls={"catalog": "database"}, types={"STRING": "VARCHAR", "FLOAT": "DOUBLE"}),
)


class Unconnected(SQLConnectionManager):
    """What may not be asked anything."""

    TYPE = ""

    @classmethod
    def open(cls, connection: Connection) -> Connection:
        raise NotImplementedError(f"{cls.TYPE} was to be compiled without a connection")

    @contextmanager
    def exception_handler(self, sql: str) -> Iterator[None]:
        yield

    def cancel(self, connection: Connection) -> None:
        """Nothing runs."""

    @classmethod
    def get_response(cls, cursor: Any) -> Any:
        raise NotImplementedError


@dataclass
class Login(Credentials):
    """The database and the schema of a profile; whatever else it needs to sign in is let go."""

    engine: ClassVar[Engine]

    @property
    def type(self) -> str:
        return self.engine.name

    @property
    def unique_field(self) -> str:
        return self.database

    def _connection_keys(self) -> tuple[str, ...]:
        return ("database", "schema")


def plugin(engine: Engine, folder: Path) -> AdapterPlugin:
    """An adapter for `engine`, its macros in a new folder below `folder`."""
    policy = Policy(*[engine.quotes_relations] * 3)

    @dataclass(frozen=True, eq=False, repr=False)
    class Relation(BaseRelation):
        quote_policy: Policy = field(default_factory=lambda: policy)
        quote_character: str = engine.quote
        require_alias: bool = False

        def render(self) -> str:
            written = super().render()
            return written.lower() if engine.lowers_relations else written

    class ThinColumn(Column):
        TYPE_LABELS: ClassVar[dict[str, str]] = engine.types or Column.TYPE_LABELS

        @property
        def quoted(self) -> str:
            return f"{engine.quote}{self.column}{engine.quote}"

    class Adapter(SQLAdapter):
        ConnectionManager = type("Manager", (Unconnected,), {"TYPE": engine.name})

        @classmethod
        def date_function(cls) -> str:
            return "current_timestamp"

    # set afterwards, for dbt looks at the annotations of such a class and means them
    Adapter.Relation = Relation  # type: ignore[assignment]
    Adapter.Column = ThinColumn
    home = folder / engine.name
    (home / "macros").mkdir(parents=True)
    (home / "dbt_project.yml").write_text(
        f"config-version: 2\nname: dbt_{engine.name}\nversion: '1.0'\nmacro-paths: [macros]\n",
        encoding="utf-8",
    )
    written = MACROS / f"{engine.name}.sql"
    if written.exists():
        (home / "macros" / written.name).write_bytes(written.read_bytes())
    return AdapterPlugin(
        adapter=Adapter,  # type: ignore[arg-type]
        credentials=type(
            f"{engine.name.title()}Login",
            (Login,),
            {"engine": engine, "_ALIASES": dict(engine.calls)},
        ),
        include_path=str(home),
        dependencies=[*engine.inherits],
    )


@contextmanager
def installed(folder: Path) -> Iterator[None]:
    """As if each were a package that `dbt` finds, before one that is installed."""
    modules: dict[str, ModuleType] = {}
    for engine in ENGINES:
        module = ModuleType(f"dbt.adapters.{engine.name}")
        module.Plugin = plugin(engine, folder)  # type: ignore[attr-defined]
        about = ModuleType(f"{module.__name__}.__about__")
        about.version = "0.0.0"  # type: ignore[attr-defined]
        modules |= {module.__name__: module, about.__name__: about}
    # by hand, for a patch of the whole dictionary would forget what is imported meanwhile
    covered = {name: sys.modules.pop(name) for name in modules if name in sys.modules}
    sys.modules |= modules
    try:
        yield
    finally:
        for name in modules:
            del sys.modules[name]
        sys.modules |= covered
