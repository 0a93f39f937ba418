"""The catalogue of functions: every call under its class, and nothing lowers a form by accident."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path

import pytest
import sqlglot
import yaml
from jsonschema import Draft202012Validator
from sqlglot import exp

from pii_lint.artifacts.project_dir import loader
from pii_lint.data import functions
from pii_lint.data.functions import (
    CLASSES,
    ELDERS,
    ROLES,
    FunctionSpec,
    catalogue_digest,
    load_functions,
    render_functions_json,
    unit_proves_part,
)
from pii_lint.errors import ConfigError

DATA = files("pii_lint.data")
SOURCE, CALLS = (
    yaml.load(file.read_text(encoding="utf-8"), loader())  # noqa: S506 - a safe one
    for file in (DATA / "functions.yml", Path(__file__).parent / "function_calls.yml")
)

ROLE_OF_COLUMN = {role[0]: role for role in ROLES}
AROUND = (exp.Window, exp.WithinGroup, exp.Filter, exp.IgnoreNulls, exp.RespectNulls, exp.NetFunc)
SYNTAX = {exp.Func, exp.AggFunc, exp.Anonymous}

Catalogue = Mapping[str, FunctionSpec]


def parse(dialect: str, call: str) -> exp.Expr:
    query = sqlglot.parse_one(f"select {call} from t", read=dialect)
    assert isinstance(query, exp.Select)
    return query.selects[0]


def written_name(node: exp.Expr) -> str | None:
    """The name of a call that the parser keeps as written, with its namespace."""
    if isinstance(node, exp.Dot):
        name = written_name(node.expression)
        return name and f"{node.this.name.lower()}.{name}"
    if isinstance(node, exp.Anonymous | exp.AnonymousAggFunc | exp.ParameterizedAgg):
        return node.name.lower()
    return None


def typed_names(node: type[exp.Expr]) -> list[str]:
    named = node.sql_names() if issubclass(node, exp.Func) else []
    return [*(name.lower() for name in named), node.key]


def find(catalogue: Catalogue, node: exp.Expr) -> FunctionSpec | None:
    if (name := written_name(node)) is not None:
        return catalogue.get(name)
    return next((catalogue[n] for n in typed_names(type(node)) if n in catalogue), None)


def innermost_call(node: exp.Expr) -> exp.Expr:
    while isinstance(node, (*AROUND, exp.SafeFunc, exp.Paren, exp.Alias)):
        node = node.this
    if isinstance(node, exp.Dot) and written_name(node) is None:
        return node.expression
    return node


def arguments(node: exp.Expr) -> Iterator[tuple[int, exp.Expr]]:
    """The arguments of a call with their positions; a list of expressions counts on."""
    if isinstance(node, exp.Dot):
        node = node.expression
    if isinstance(node, exp.ParameterizedAgg):
        groups: list[object] = [node.args["params"]]
    elif isinstance(node, exp.Anonymous | exp.AnonymousAggFunc):
        groups = [node.expressions]
    else:
        groups = [node.args.get(key) for key in type(node).arg_types]
    for position, group in enumerate(groups):
        for offset, part in enumerate(group if isinstance(group, list) else [group]):
            if isinstance(part, exp.Expr):
                yield position + offset, part


def columns_by_role(spec: FunctionSpec, call: exp.Expr) -> Iterator[tuple[str, str]]:
    """(column, role) for every column in a call; an aggregate's `order by` has no position."""
    for position, argument in arguments(call):
        inner = argument
        while isinstance(inner, exp.Order | exp.Limit | exp.HavingMax):
            inner = inner.this
        for column in inner.find_all(exp.Column):
            yield column.name, spec.role(position)


def misjudged(dialect: str, cls: str, call: str) -> str | None:
    node = innermost_call(parse(dialect, call))
    spec = find(load_functions(dialect), node) or FunctionSpec("", "transform", ())
    if spec.cls != cls:
        return f"{call} is found under {spec.cls}"
    wrong = [
        f"{column} is {role}"
        for column, role in columns_by_role(spec, node)
        if role != ROLE_OF_COLUMN[column[0]]
    ]
    return f"{call}: {', '.join(wrong)}" if wrong else None


LISTS = [(dialect, cls) for dialect, by_class in CALLS.items() for cls in by_class]


@pytest.mark.parametrize(("dialect", "cls"), LISTS)
def test_calls_are_found_under_their_class_and_each_argument_has_its_role(
    dialect: str, cls: str
) -> None:
    assert [w for call in CALLS[dialect][cls] if (w := misjudged(dialect, cls, call))] == []


@pytest.mark.parametrize(
    ("cls", "call", "complaint"),
    [
        ("keyed", "md5(v)", "md5(v) is found under digest"),
        ("keyed", "hmac(k, v)", "hmac(k, v): k is value, v is key"),
        ("part", "left(w, v)", "left(w, v): w is value, v is width"),
    ],
)
def test_a_wrong_class_or_role_would_be_seen(cls: str, call: str, complaint: str) -> None:
    assert misjudged("postgres", cls, call) == complaint


def test_the_calls_are_many_and_reach_every_class() -> None:
    assert sum(len(CALLS[dialect][cls]) for dialect, cls in LISTS) > 1000
    assert {cls for _, cls in LISTS} == set(CLASSES)


@pytest.mark.parametrize(
    ("dialect", "call"),
    [
        ("duckdb", "percentile_disc(0.5) within group (order by v)"),
        ("duckdb", "mode() within group (order by v)"),
        ("postgres", "percentile_cont(0.5) within group (order by v)"),
        ("snowflake", "array_agg(v) within group (order by s)"),
        ("redshift", "listagg(v, ',') within group (order by s)"),
    ],
)
def test_what_within_group_orders_is_the_value_only_of_a_fraction_or_of_no_argument(
    dialect: str, call: str
) -> None:
    group = parse(dialect, call)
    assert isinstance(group, exp.WithinGroup)
    spec = find(load_functions(dialect), group.this)
    assert spec is not None
    takes_it = "fraction" in spec.roles or not list(arguments(group.this))
    assert next(group.expression.find_all(exp.Column)).name == ("v" if takes_it else "s")


def every_function(node: type[exp.Expr] = exp.Func) -> Iterator[type[exp.Expr]]:
    for kind in node.__subclasses__():
        yield kind
        yield from every_function(kind)


def test_every_function_that_the_parser_knows_was_judged() -> None:
    catalogue = load_functions("")
    unlisted = {
        kind.__name__
        for kind in set(every_function()) - SYNTAX
        if not any(name in catalogue for name in typed_names(kind))
    }
    assert unlisted == set()


def test_no_entry_has_more_roles_than_the_parser_gives_arguments() -> None:
    catalogue = load_functions("")
    for kind in set(every_function()) - SYNTAX:
        spec = next(catalogue[name] for name in typed_names(kind) if name in catalogue)
        assert len(spec.roles) <= len(kind.arg_types), spec


LOWERING = {
    "part",
    "digest",
    "keyed",
    "fold",
    "quantile",
    "count",
    "size",
    "test",
    "rank",
    "constant",
}


# Named by the SQL standard, and so are the spatial tests `st_...`.
STANDARD = {"octet_length", "json_exists"}


def test_what_lowers_a_form_everywhere_is_the_parsers_or_the_standards() -> None:
    typed = {name for kind in every_function() for name in typed_names(kind)}
    lowering = {name for name, spec in load_functions("").items() if spec.cls in LOWERING}
    own = lowering - typed - STANDARD
    assert {name for name in own if not name.startswith("st_")} == set()


def test_an_aggregate_that_hands_on_values_is_in_no_class_that_lowers_a_form() -> None:
    catalogue = load_functions("")
    handing_on = (
        exp.Min, exp.Max, exp.AnyValue, exp.First, exp.Last, exp.Mode, exp.ArgMax, exp.ArgMin,
        exp.ArrayAgg, exp.GroupConcat, exp.ApproxTopK, exp.ApproxQuantiles, exp.PercentileDisc,
        exp.Lag, exp.Lead, exp.BitwiseXorAgg, exp.BitwiseOrAgg, exp.LogicalOr, exp.JSONObjectAgg,
    )  # fmt: skip
    for kind in handing_on:
        spec = next(catalogue[name] for name in typed_names(kind) if name in catalogue)
        assert spec.cls not in LOWERING, spec


def test_every_cipher_of_the_catalogue_says_where_its_key_stands() -> None:
    # So one without a key role is a project's own, which holds its key itself.
    for dialect in CALLS:
        for spec in load_functions(dialect).values():
            if spec.cls == "keyed":
                assert spec.roles.count("key") == 1, spec
                assert "value" in spec.roles, spec


def test_what_may_lose_a_key_is_no_copy_and_no_encoding() -> None:
    # A key counts where it enters whole; these answer null, or with less, where it isn't to
    # their liking, and `concat` leaves a null out.
    for dialect in CALLS:
        catalogue = load_functions(dialect)
        for name, spec in catalogue.items():
            # (a cast has a handler of its own, which knows a tried one)
            if name.startswith(("try_", "lax_", "as_")) and name != "try_cast":
                assert spec.cls not in {"copy", "recode", "concat"}, spec
        for name in ("ts_or_ds_to_date", "to_number", "parse_json", "array_max", "nullif", "try"):
            assert catalogue[name].cls == "choose"
    assert load_functions("postgres")["decode"].cls == "recode"  # complains instead
    assert load_functions("trino")["unhex"].cls == "recode"
    assert load_functions("spark")["unhex"].cls == "choose"  # null instead
    assert load_functions("mysql")["from_base64"].cls == "choose"


@pytest.mark.parametrize(
    ("function", "unit", "proven"),
    [
        ("extract", "year", True),
        ("date_part", "YEARS", True),
        ("extract", "dow", True),
        ("extract", "epoch", False),
        ("date_part", "julian", False),
        ("extract", "date", False),
        ("date_trunc", "year", True),
        ("timestamp_trunc", "MONTH", True),
        ("date_trunc", "day", False),
        ("datetime_trunc", "second", False),
        ("time_trunc", "hour", False),
        ("last_day", "quarter", True),
        ("extract", "a unit of nobody", False),
    ],
)
def test_only_a_unit_that_leaves_less_than_the_date_proves_a_part(
    function: str, unit: str, proven: bool
) -> None:
    assert unit_proves_part(function, unit) is proven


def test_units_that_do_not_prove_a_part_really_keep_the_date() -> None:
    duckdb = pytest.importorskip("duckdb")
    days = "select date '1985-01-01' + i::integer as v from range(1000) r(i)"
    for call in ("extract(epoch from v)", "date_part('julian', v)", "date_trunc('day', v)"):
        query = f"select count(distinct {call}) from ({days})"
        assert duckdb.connect().execute(query).fetchone() == (1000,)
    connection = duckdb.connect()
    known = 0
    for unit in SOURCE["units"]["truncation"]:
        query = f"select count(distinct date_trunc('{unit}', v)) from ({days})"
        try:
            (kept,) = connection.execute(query).fetchone()
        except duckdb.Error:
            continue  # another engine's word
        known += 1
        assert kept < 150, unit
    assert known > 8


def test_a_function_in_no_list_has_no_entry() -> None:
    for dialect in CALLS:
        assert "mask_email" not in load_functions(dialect)
        assert "sha3_of_my_own" not in load_functions(dialect)


# --- engines ---------------------------------------------------------------------------------


def found_by_parsing(name: str) -> FunctionSpec | None:
    """The entry that DuckDB's `name` is found under where the parser has another name for it."""
    for written in ("v", "v, w", ""):
        try:
            call = parse("duckdb", f"{name}({written})")
        except sqlglot.ParseError:
            continue
        if spec := find(load_functions("duckdb"), innermost_call(call)):
            return spec
    return None


def test_every_aggregate_table_function_and_macro_of_duckdb_was_judged() -> None:
    duckdb = pytest.importorskip("duckdb")
    catalogue = load_functions("duckdb")
    rows = (
        duckdb.connect()
        .execute(
            "select distinct function_name from duckdb_functions()"
            " where function_type in ('aggregate', 'table', 'table_macro', 'macro')"
        )
        .fetchall()
    )
    unlisted = {name for (name,) in rows if name not in catalogue and not found_by_parsing(name)}
    assert len(rows) > 250
    assert unlisted == set()


def test_a_constant_of_duckdb_really_drops_its_argument() -> None:
    duckdb = pytest.importorskip("duckdb")
    connection = duckdb.connect()
    connection.execute("create table t as select * from (values ('ann@x.eu'), ('bo'), ('')) r(v)")
    for name in ("alias", "typeof", "pg_typeof", "vector_type", "has_table_privilege"):
        assert load_functions("duckdb")[name].cls == "constant"
        call = f"{name}(v, v)" if name.startswith("has_") else f"{name}(v)"
        assert connection.execute(f"select count(distinct {call}) from t").fetchone() == (1,)
    # These look like the same kind of thing and hand the value on.
    for name, call in (("stats", "stats(v)"), ("pg_get_expr", "pg_get_expr(v, 1)")):
        assert load_functions("duckdb")[name].cls in {"transform", "copy"}
        answers = connection.execute(f"select {call} from t where v = 'bo'").fetchall()
        assert "bo" in str(answers)


def test_no_macro_of_duckdb_that_is_called_constant_uses_its_parameters() -> None:
    duckdb = pytest.importorskip("duckdb")
    catalogue = load_functions("duckdb")
    macros = (
        duckdb.connect()
        .execute(
            "select function_name, parameters, macro_definition from duckdb_functions()"
            " where function_type = 'macro' and len(parameters) > 0"
        )
        .fetchall()
    )
    of_its_type_only = {"pg_typeof", "current_schemas"}
    constants = {
        name: (parameters, definition)
        for name, parameters, definition in macros
        if name in catalogue and catalogue[name].cls == "constant" and name not in of_its_type_only
    }
    assert len(constants) > 20
    for name, (parameters, definition) in constants.items():
        words = set(re.findall(r"\w+", definition))
        assert not words & set(parameters), name


@pytest.mark.parametrize("cls", ["digest", "test", "count", "rank"])
def test_no_digest_or_test_of_duckdb_answers_with_the_value(cls: str) -> None:
    duckdb = pytest.importorskip("duckdb")
    connection = duckdb.connect()
    answered = 0
    for call in CALLS["duckdb"][cls]:
        try:
            answer = connection.execute(
                f"select {call} from (select 'ann@x.eu' as v, 'q' as v2)"
            ).fetchall()
        except duckdb.Error:
            continue  # of another type, or a name with no such overload
        answered += 1
        assert "ann@x.eu" not in str(answer), call
    assert answered >= 4


def test_the_same_name_may_mean_another_thing_elsewhere() -> None:
    def by_dialect(dialect: str, name: str) -> str:
        return load_functions(dialect)[name].cls

    assert by_dialect("duckdb", "quantile") == "pick"  # an alias of quantile_disc
    assert by_dialect("spark", "quantile") == "quantile"
    assert by_dialect("snowflake", "approx_quantile") == "quantile"
    assert by_dialect("spark", "approx_quantile") == "pick"
    assert by_dialect("bigquery", "host") == "part"  # of a URL
    assert by_dialect("snowflake", "host") == "transform"  # somebody's own
    assert by_dialect("postgres", "host") == "copy"  # of an address: all of it
    assert by_dialect("spark", "parse_url") == "part"
    assert by_dialect("snowflake", "parse_url") == "transform"  # an object with everything
    assert by_dialect("trino", "uuid") == "constant"
    assert by_dialect("snowflake", "uuid") == "digest"  # of a name
    assert load_functions("snowflake")["encrypt"].roles[:2] == ("value", "key")
    assert load_functions("bigquery")["encrypt"].roles[:2] == ("key", "value")


def test_a_dialect_has_its_elders_functions_and_only_theirs() -> None:
    assert "read_files" in load_functions("databricks")
    assert (
        load_functions("databricks")["approx_quantile"]
        == load_functions("spark")["approx_quantile"]
    )
    assert load_functions("redshift")["host"].cls == "copy"
    assert "murmur3_32_hash" not in load_functions("postgres")
    assert "list_sum" not in load_functions("postgres")
    # The younger one's entry wins over the elder's.
    assert load_functions("postgres")["approx_quantile"].cls == "quantile"
    assert load_functions("redshift")["approx_quantile"].cls == "pick"


def test_elders_and_scopes_are_dialects_that_the_parser_knows() -> None:
    scopes = {scope for cls in CLASSES for scope in SOURCE[cls]} - {"any"}
    known = set(sqlglot.Dialect.classes)
    assert scopes <= known
    assert set(ELDERS) <= known
    assert set(ELDERS.values()) <= scopes


def test_an_unknown_dialect_has_what_all_have() -> None:
    assert load_functions("dialect-of-nobody") == load_functions("")


# --- the files -------------------------------------------------------------------------------


def test_the_generated_form_is_the_source() -> None:
    assert DATA.joinpath("functions.json").read_text(encoding="utf-8") == render_functions_json()


def test_the_source_keeps_its_schema_and_the_schema_its_words() -> None:
    schema = yaml.safe_load(DATA.joinpath("functions.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    assert not list(validator.iter_errors(SOURCE))
    assert list(schema["properties"]) == [*CLASSES, "units"]
    assert schema["$defs"]["role"]["enum"] == list(ROLES)
    small = {cls: {"any": ["x", {"y.z": ["value"]}]} for cls in CLASSES}
    small["units"] = {"field": ["year"], "truncation": ["year"]}
    assert validator.is_valid(small)
    assert not validator.is_valid({**small, "hash": {"any": ["md5"]}})
    assert not validator.is_valid({**small, "digest": {"any": [{"md5": ["values"]}]}})
    assert not validator.is_valid({**small, "digest": {"any": ["MD5"]}})
    assert not validator.is_valid({**small, "digest": ["md5"]})


def test_the_source_lists_its_classes_in_their_order() -> None:
    assert list(SOURCE) == [*CLASSES, "units"]


@pytest.mark.parametrize(
    "text",
    [
        "units: {}\ndigest: {any: [md5]}\npart: {any: [md5]}",
        "units: {}\ndigest: {any: [md5, {md5: [value]}]}",
    ],
)
def test_a_name_may_not_stand_twice_in_a_scope(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(functions, "_text", lambda name: text)
    with pytest.raises(ValueError, match="md5 stands twice in the scope any"):
        render_functions_json()


def test_a_name_may_stand_in_two_scopes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        functions, "_text", lambda name: "units: {}\npart: {any: [host]}\ncopy: {postgres: [host]}"
    )
    assert '"postgres"' in render_functions_json()


def test_loading_needs_neither_yaml_nor_the_parser() -> None:
    code = (
        "import sys; from pii_lint.data.functions import load_functions;"
        "load_functions('duckdb'); print(sorted({'yaml', 'sqlglot'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


# --- a project's own -------------------------------------------------------------------------


def test_a_projects_function_wins_over_the_catalogue() -> None:
    own = load_functions(
        "duckdb", {"Mask_Email": "part", "md5": {"class": "keyed", "roles": ["value", "key"]}}
    )
    assert own["mask_email"] == FunctionSpec("mask_email", "part", ())
    assert own["md5"].cls == "keyed"
    assert own["md5"].role(1) == "key"
    assert own["md5"].role(2) == "value"
    assert load_functions("duckdb")["md5"].cls == "digest"


def test_a_project_may_say_why() -> None:
    given = {
        "tokenise": {"class": "keyed", "reason": "The vault's, reviewed by the privacy officer."}
    }
    assert load_functions("duckdb", given)["tokenise"].cls == "keyed"


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (
            {"mask": "prt"},
            "`functions.mask` has the class `prt`, which there isn't; the nearest is `part`.",
        ),
        (
            {"mask": {"class": "kyed"}},
            "has the class `kyed`, which there isn't; the nearest is `keyed`.",
        ),
        (
            {"mask": {"class": "keyed", "roles": ["value", "keys"]}},
            "has the role `keys`, which there isn't; the nearest is `key`.",
        ),
        ({"mask": {"roles": ["value"]}}, "`functions.mask` needs a `class`, one of copy, choose"),
        (
            {"mask": {"class": "part", "role": []}},
            "has the key `role`, which there isn't; the nearest is `roles`.",
        ),
        ({"mask": {"class": "part", "roles": "value"}}, "`roles` is a list with one of value, key"),
    ],
)
def test_a_wrong_entry_is_told_in_one_sentence(given: dict[str, object], sentence: str) -> None:
    with pytest.raises(ConfigError) as error:
        load_functions("duckdb", given)  # type: ignore[arg-type]
    assert sentence in str(error.value)


def test_the_digest_knows_what_a_project_changed() -> None:
    plain = catalogue_digest()
    assert plain == catalogue_digest({})
    assert plain != catalogue_digest({"mask": "part"})
    assert catalogue_digest({"mask": "part"}) != catalogue_digest({"mask": "keyed"})
    assert catalogue_digest({"a": "part", "b": "keyed"}) == catalogue_digest(
        {"b": "keyed", "a": "part"}
    )
    # A reason changes no result.
    assert catalogue_digest({"mask": "part"}) == catalogue_digest(
        {"mask": {"class": "part", "reason": "…"}}
    )
