"""Which objects a list of surfaces asks for, each with the SQL that makes it and takes it away."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources

from pii_lint.data import payloads
from pii_lint.data.payloads import PayloadKey, Roles, Surface
from pii_lint.guard.database import names, patterns
from pii_lint.guard.database.names import literal, quoted

PINNED = "search_path=pg_catalog, pg_temp"
_DEFINER = (PINNED, "row_security=off")
"""With row security off, a scan that a policy would narrow fails instead of seeing less."""


@dataclass(frozen=True, slots=True)
class Function:
    """A function or procedure, to the letter."""

    name: str
    arguments: str
    # as `pg_get_function_identity_arguments` writes them
    declared: str
    returns: str | None
    # None for a procedure
    body: str
    comment: str
    volatility: str = "volatile"
    definer: bool = False
    settings: tuple[str, ...] = (PINNED,)
    public: bool = False
    # whether everybody may call it


@dataclass(frozen=True, slots=True)
class Trigger:
    """The guardrail on one table."""

    name: str
    table: str
    comment: str


@dataclass(frozen=True, slots=True)
class Column:
    """A column of an audit table, as the catalogue writes its type."""

    name: str
    type: str
    definition: str
    required: bool = True


@dataclass(frozen=True, slots=True)
class Index:
    """An index of an audit table."""

    name: str
    columns: str
    unique: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """An audit table."""

    name: str
    columns: tuple[Column, ...]
    comment: str
    indexes: tuple[Index, ...] = ()
    key: tuple[str, ...] = ("id",)


@dataclass(frozen=True, slots=True)
class View:
    """A view over the counters."""

    name: str
    definition: str
    comment: str


@dataclass(frozen=True, slots=True)
class Plan:
    """All that has to stand in one schema."""

    schema: str
    roles: Roles
    keys: tuple[PayloadKey, ...]
    surfaces: tuple[Surface, ...]
    functions: tuple[Function, ...]
    triggers: tuple[Trigger, ...]
    tables: tuple[Table, ...]
    sequences: tuple[str, ...]
    view: View

    @property
    def readable(self) -> tuple[str, ...]:
        """What both the ingesting and the reading role may select from."""
        return (*(table.name for table in self.tables), self.view.name)


def plan(
    surfaces: tuple[Surface, ...] | None = None,
    *,
    schema: str = "public",
    roles: Roles | None = None,
) -> Plan:
    """What the registry asks for, on its own surfaces or on others."""
    chosen = surfaces or payloads.surfaces()
    keys = payloads.blocklist()
    tables = tuple(dict.fromkeys(surface.table for surface in chosen))
    return Plan(
        schema=schema,
        roles=roles or payloads.roles(),
        keys=keys,
        surfaces=chosen,
        functions=_functions(schema, keys, chosen, tables),
        triggers=tuple(
            Trigger(
                names.trigger(table),
                table,
                "Layer 2 guardrail: refuses rows whose payload holds a key of personal data "
                f"({payloads.reference()}).",
            )
            for table in tables
        ),
        tables=_TABLES,
        sequences=tuple(names.counter(table, key.name) for table in tables for key in keys),
        view=_view(schema, keys, tables),
    )


def message(surface: Surface) -> tuple[str, str]:
    """What a refusal says before and behind the key. Never the value, and all on one line."""
    return (
        f"PII key detected in {surface.table}.{surface.column}. {surface.event} blocked by "
        "database policy (Layer 2 guardrail). Key found: ",
        f". Reference: {payloads.reference()}. Action: Remove PII key from {surface.wording} "
        "before retry.",
    )


def _functions(
    schema: str,
    keys: tuple[PayloadKey, ...],
    surfaces: tuple[Surface, ...],
    tables: tuple[str, ...],
) -> tuple[Function, ...]:
    own = {"schema": quoted(schema)}
    listing = {
        "plain_array": _array([key.plain for key in keys]),
        "name_array": _array([key.name for key in keys]),
        "escape": literal(patterns.ESCAPE),
        "dropped": literal(patterns.dropped()),
        "separators": literal(patterns.separators()),
        "token": literal(patterns.STRING),
    }
    detecting = {
        "plain_keys": literal(patterns.plain_keys(keys)),
        "odd_key": literal(patterns.ODD_KEY),
    }
    rows = ", ".join(
        f"(run, {literal(each.table)}, {literal(each.column)})"
        for each in sorted(surfaces, key=lambda each: (each.table, each.column))
    )
    return (
        Function(
            names.LIST,
            "payload jsonb",
            "payload pg_catalog.jsonb",
            "text[]",
            _sql("list_keys", own | listing),
            "Keys of personal data that a payload holds at any depth and in any spelling, as the "
            "registry spells and orders them.",
            volatility="immutable",
            public=True,
        ),
        Function(
            names.DETECT,
            "payload jsonb",
            "payload pg_catalog.jsonb",
            "boolean",
            _sql("detect_keys", own | detecting),
            "Whether a payload holds a key of personal data, at any depth and in any spelling; "
            "elements of arrays and values aren't keys.",
            volatility="immutable",
            public=True,
        ),
        Function(
            names.ENFORCE,
            "",
            "",
            "trigger",
            _sql("enforce", {"branches": _branches(own, keys, surfaces, tables)}),
            "Layer 2 guardrail: refuses a row whose payload holds a key of personal data, and "
            "counts the refusal. It runs as its owner only to count.",
            definer=True,
        ),
        Function(
            names.SCAN,
            "",
            "",
            "integer",
            _sql("scan", own | {"surfaces": _each(surfaces, "scan_surface", own)}),
            "Layer 3 audit: looks at every row of every surface, files what isn't filed yet, and "
            "returns how many keys in how many rows stand there now; 0 is clean.",
            definer=True,
            settings=_DEFINER,
        ),
        Function(
            names.OPEN,
            "",
            "",
            "bigint",
            _sql(
                "open",
                own | {"runs_text": literal(f"{schema}.{names.RUNS}"), "surface_rows": rows},
            ),
            "Starts a batched scan, or takes up the one that broke off; returns its run.",
            definer=True,
            settings=_DEFINER,
        ),
        Function(
            names.STEP,
            "run bigint, batch_size integer",
            "run pg_catalog.int8, batch_size pg_catalog.int4",
            "boolean",
            _sql("step", own | {"surfaces": _steps(surfaces, own)}),
            "Scans one batch of a run: true where more is left, false where all is done, null "
            "where it failed.",
            definer=True,
            settings=_DEFINER,
        ),
        Function(
            names.BATCHED,
            "IN batch_size integer",
            "in batch_size pg_catalog.int4 default 10000",
            None,
            _sql("batched", own),
            "Layer 3 audit for large tables: batch by batch along the record's key, each in a "
            "transaction of its own; called again it goes on where it stood.",
            # neither may stand on a procedure that commits
            settings=(),
        ),
    )


def _branches(
    own: dict[str, str],
    keys: tuple[PayloadKey, ...],
    surfaces: tuple[Surface, ...],
    tables: tuple[str, ...],
) -> str:
    written = []
    for table in tables:
        counters = "\n        ".join(
            f"when {literal(key.name)} then perform pg_catalog.nextval("
            f"{literal(own['schema'] + '.' + quoted(names.counter(table, key.name)))});"
            for key in keys
        )
        columns = ""
        for surface in (each for each in surfaces if each.table == table):
            before, after = message(surface)
            texts = {
                "column": quoted(surface.column),
                "column_text": literal(surface.column),
                "counters": counters,
                "before_key": literal(before),
                "after_key": literal(after),
            }
            columns += _sql("enforce_column", own | texts)
        written.append(
            f"if tg_argv[0] = {literal(table)} then\n{columns}    return new;\n  end if;"
        )
    return "\n  ".join(written)


def _each(surfaces: tuple[Surface, ...], template: str, own: dict[str, str]) -> str:
    return "".join(
        _sql(
            template,
            own
            | {
                "table": quoted(surface.table),
                "column": quoted(surface.column),
                "record_key": quoted(surface.record_key),
                "table_text": literal(surface.table),
                "column_text": literal(surface.column),
                "notice": literal(names.NOTICE),
            },
        )
        for surface in surfaces
    ).strip()


def _steps(surfaces: tuple[Surface, ...], own: dict[str, str]) -> str:
    written = [
        f"spot.table_name = {literal(surface.table)} and spot.column_name = "
        f"{literal(surface.column)} then\n    {_each((surface,), 'step_surface', own)}"
        for surface in surfaces
    ]
    known = "\n    elsif ".join(written)
    # a surface that left the registry while a run stood still
    return f"if {known}\n    else\n      rows_seen := 0; hits := 0; fresh := 0;\n    end if;"


def _view(schema: str, keys: tuple[PayloadKey, ...], tables: tuple[str, ...]) -> View:
    rows = "\n  union all\n  ".join(
        f"select {literal(table)}::text, {literal(key.name)}::text, last_value, is_called "  # noqa: S608  every name is quoted
        f"from {quoted(schema)}.{quoted(names.counter(table, key.name))}"
        for table in tables
        for key in keys
    )
    return View(
        names.REJECTS,
        _sql("counts", {"rows": rows}).strip(),
        "How many rows the guardrail refused, by table and key, also in transactions that were "
        "rolled back.",
    )


def _array(texts: list[str]) -> str:
    return f"array[{', '.join(map(literal, texts))}]"


def _sql(name: str, values: dict[str, str]) -> str:
    text = _template(name)
    constants = {
        "detect": names.DETECT,
        "list": names.LIST,
        "open": names.OPEN,
        "step": names.STEP,
        "findings": names.FINDINGS,
        "runs": names.RUNS,
        "progress": names.PROGRESS,
    }
    # in one pass, so that a name which looks like a mark stays a name
    pieces = text.split("{{")
    filled = [pieces[0]]
    for piece in pieces[1:]:
        mark, _, rest = piece.partition("}}")
        filled.append((constants | values)[mark] + rest)
    return "".join(filled)


@cache
def _template(name: str) -> str:
    return resources.files(__package__).joinpath("sql", f"{name}.sql").read_text(encoding="utf-8")


_FINDINGS = Table(
    names.FINDINGS,
    (
        Column("id", "bigint", "bigserial"),
        Column("table_name", "text", "text not null"),
        Column("column_name", "text", "text not null"),
        Column("record_id", "uuid", "uuid not null"),
        Column("detected_key", "text", "text not null"),
        Column("sample_snippet", "text", "text", required=False),
        Column(
            "detected_at",
            "timestamp with time zone",
            "timestamptz not null default pg_catalog.now()",
        ),
    ),
    "Layer 3 findings, one a record and key, none with a value: not personal data itself. A "
    "finding stays when its row is cleaned; detected_at is when it was seen first.",
    (
        Index("idx_pii_audit_findings_table_detected_at", "table_name, detected_at DESC"),
        Index("idx_pii_audit_findings_detected_key", "detected_key"),
        Index(
            "uq_pii_audit_findings_record",
            "table_name, column_name, record_id, detected_key",
            unique=True,
        ),
    ),
)
_RUNS = Table(
    names.RUNS,
    (
        Column("id", "bigint", "bigserial"),
        Column("mode", "text", "text not null check (mode in ('full', 'batched'))"),
        Column(
            "started_at",
            "timestamp with time zone",
            "timestamptz not null default pg_catalog.clock_timestamp()",
        ),
        Column("finished_at", "timestamp with time zone", "timestamptz", required=False),
        Column(
            "outcome",
            "text",
            "text not null default 'running' check (outcome in ('running', 'ok', 'failed'))",
        ),
        Column("error_code", "text", "text", required=False),
        Column("findings", "bigint", "bigint", required=False),
        Column("new_findings", "bigint", "bigint", required=False),
        Column("rows_scanned", "bigint", "bigint", required=False),
    ),
    "Runs of the Layer 3 audit: when, how it ended, what it found.",
)
_PROGRESS = Table(
    names.PROGRESS,
    (
        Column("run_id", "bigint", "bigint not null"),
        Column("table_name", "text", "text not null"),
        Column("column_name", "text", "text not null"),
        Column("last_record_id", "uuid", "uuid", required=False),
        Column("rows_scanned", "bigint", "bigint not null default 0"),
        Column("findings", "bigint", "bigint not null default 0"),
        Column("new_findings", "bigint", "bigint not null default 0"),
        Column("done", "boolean", "boolean not null default false"),
        Column(
            "updated_at",
            "timestamp with time zone",
            "timestamptz not null default pg_catalog.clock_timestamp()",
        ),
    ),
    "How far the batched scan has come on each surface.",
    key=("table_name", "column_name"),
)
_TABLES = (_FINDINGS, _RUNS, _PROGRESS)
