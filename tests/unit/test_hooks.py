"""What hooks, operations and functions do beside the models' own SQL."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from pii_lint.artifacts.configured import meta_columns, statements
from pii_lint.artifacts.model import CatalogColumn, Column, Node, Project
from pii_lint.artifacts.shapes import NodeConfig
from pii_lint.config import load_config
from pii_lint.data.registry import load_registry
from pii_lint.data.statements import load_statement_words
from pii_lint.labels import Form
from pii_lint.propagation.inventory import Inventory, RelationFacts
from pii_lint.propagation.link import trace

KINDS = {"email": "email", "phone": "phone", "smoker": "smoker"}
PERSONS = {"person_id": "integer", "email": "varchar", "phone": "varchar", "smoker": "boolean"}
MART = "select person_id, 'here' as place from {persons}"
UNKNOWN = "unknown:unknown"
EMAIL, PHONE, SMOKER = "contact.email", "contact.phone", "personal.smoker"
CLEAR, WEAK, PSEUDONYM = f"{EMAIL}:clear", f"{EMAIL}:weak", f"{EMAIL}:pseudonym"


def named(uid: str) -> str:
    return f'"db"."main"."{uid.rsplit(".", 1)[-1]}"'


def source(name: str, columns: Mapping[str, str], *, secret: bool = False) -> Node:
    uid = f"source.shop.raw.{name}"
    return Node(
        unique_id=uid,
        resource_type="source",
        name=name,
        package="shop",
        path="models/raw.yml",
        relation_name=named(uid),
        columns={
            column: Column(
                column,
                data_type=kind,
                tags=frozenset({"pii"} if column in KINDS else ()),
                meta={"pii_type": KINDS[column]} if column in KINDS else {},
            )
            for column, kind in columns.items()
        },
        columns_complete=True,
        meta={"secret": True} if secret else {},
    )


def model(
    name: str, sql: str, *, before: Sequence[str] = (), after: Sequence[str] = (), **more: object
) -> Node:
    given: dict[str, object] = {
        "unique_id": f"model.shop.{name}",
        "resource_type": "model",
        "name": name,
        "package": "shop",
        "path": f"models/{name}.sql",
        "database": "db",
        "schema": "main",
        "alias": name,
        "relation_name": named(name),
        "materialized": "table",
        "compiled_code": sql.format(persons=named("persons"), logins=named("logins")),
        "pre_hooks": tuple(before),
        "post_hooks": tuple(after),
    }
    return Node(**(given | more))  # type: ignore[arg-type]


def operation(sql: str | None, name: str = "shop-on-run-end-0", raw: str = "") -> Node:
    return Node(
        unique_id=f"operation.shop.{name}",
        resource_type="operation",
        name=name,
        package="shop",
        path="dbt_project.yml",
        compiled_code=sql,
        raw_code=raw,
    )


def function(name: str, body: str, arguments: Sequence[str] = (), language: str = "sql") -> Node:
    return Node(
        unique_id=f"function.shop.{name}",
        resource_type="function",
        name=name,
        package="shop",
        path=f"functions/{name}.sql",
        alias=name,
        language=language,
        compiled_code=body,
        arguments=tuple(arguments),
    )


def traced(
    *nodes: Node,
    macros: Mapping[str, str] | None = None,
    calls: Mapping[str, tuple[str, ...]] | None = None,
    adapter: str = "duckdb",
    policy: str = "",
    folder: Path | None = None,
) -> Inventory:
    there = (
        source("persons", PERSONS),
        source("logins", {"login_id": "integer", "page": "varchar"}),
        source("salts", {"salt": "varchar"}, secret=True),
        *nodes,
    )
    project = Project(
        name="shop",
        adapter_type=adapter,
        dbt_version="1.11.16",
        nodes={node.unique_id: node for node in there},
        macros={f"macro.{name}": text for name, text in (macros or {}).items()},
        macro_depends_on={f"macro.{name}": names for name, names in (calls or {}).items()},
        catalog={"source.shop.raw.persons": tuple(CatalogColumn(c, t) for c, t in PERSONS.items())},
    )
    config = load_config(None, None)
    if policy and folder is not None:
        path = folder / "pii_lint.yml"
        path.write_text(policy, encoding="utf-8")
        config = load_config(path, folder)
    return trace((project,), config, load_registry())


def held(facts: RelationFacts) -> dict[str, set[str]]:
    """column -> labels as `kind:form`, signals about which rows left out."""
    return {
        key: {
            f"{label.kind}:{label.form.word}"
            for label in column.labels
            if label.form is not Form.SIGNAL
        }
        for key, column in facts.columns.items()
    }


def mart(inventory: Inventory, name: str = "mart") -> dict[str, set[str]]:
    return held(inventory.relations[f"model.shop.{name}"])


def hooked(*hooks: str, **more: object) -> dict[str, set[str]]:
    """What the columns of a mart without personal data hold after its hooks."""
    return mart(traced(model("mart", MART, after=hooks), **more))  # type: ignore[arg-type]


QUIET: dict[str, set[str]] = {"person_id": set(), "place": set()}
LOST = {"person_id": {UNKNOWN}, "place": {UNKNOWN}, "*": {UNKNOWN}}
FROM = "from {{ source('raw', 'persons') }}"

# hook -> what changes against a mart without it
WRITTEN = {
    "insert by place": (f"insert into {{{{ this }}}} select person_id, email {FROM}", {"place"}),
    "insert by place, the other way round": (
        f"insert into {{{{ this }}}} (place, person_id) select email, person_id {FROM}",
        {"place"},
    ),
    "insert by name": (
        f"insert into {{{{ this }}}} by name select email as place, person_id {FROM}",
        {"place"},
    ),
    "insert of values": (
        f"insert into {{{{ this }}}} values (1, (select max(email) {FROM}))",
        {"place"},
    ),
    "insert under a common table expression": (
        f"with p as (select * {FROM}) insert into {{{{ this }}}} select person_id, email from p",
        {"place"},
    ),
    "update from another relation": (
        "update {{ this }} set place = p.email from {{ source('raw', 'persons') }} as p"
        " where p.person_id = mart.person_id",
        {"place"},
    ),
    "update by a subquery": (
        "update {{ this }} as m set place = (select max(p.email) from"
        " {{ source('raw', 'persons') }} as p where p.person_id = m.person_id)",
        {"place"},
    ),
    "merge": (
        "merge into {{ this }} as m using {{ source('raw', 'persons') }} as p"
        " on m.person_id = p.person_id when matched then update set place = p.email"
        " when not matched then insert (person_id, place) values (p.person_id, 'x')",
        {"place"},
    ),
    "merge that inserts": (
        "merge into {{ this }} as m using {{ source('raw', 'persons') }} as p"
        " on m.person_id = -p.person_id when not matched then insert (place, person_id)"
        " values (p.email, p.person_id)",
        {"place"},
    ),
    "two statements": (
        f"delete from {{{{ this }}}}; insert into {{{{ this }}}} select person_id, email {FROM};",
        {"place"},
    ),
    "a relation that may be there": (
        "{% if load_relation(this) is not none %}insert into {{ this }} select person_id,"
        f" email {FROM}{{% endif %}}",
        {"place"},
    ),
    "the relation by its plain name": (
        "insert into main.mart select person_id, email from main.persons",
        {"place"},
    ),
    "a relation made anew": (
        f"create or replace table {{{{ this }}}} as select person_id, email as place {FROM}",
        {"place"},
    ),
    "a branch that may be taken": (
        "{% if target.name == 'prod' %}insert into {{ this }} select person_id,"
        f" email {FROM}{{% endif %}}",
        {"place"},
    ),
    "a branch inside a statement": (
        "insert into {{ this }} select person_id, {% if execute %}email{% else %}'x'{% endif %}"
        f" {FROM}",
        {"place"},
    ),
}


@pytest.mark.parametrize(("hook", "changed"), WRITTEN.values(), ids=WRITTEN)
def test_what_a_hook_writes_stands_in_its_model(hook: str, changed: set[str]) -> None:
    assert hooked(hook) == {column: {CLEAR} if column in changed else set() for column in QUIET}


@pytest.mark.parametrize(("hook", "changed"), WRITTEN.values(), ids=WRITTEN)
def test_what_a_changed_address_moves_is_labelled(
    require: Callable[[str], None], hook: str, changed: set[str]
) -> None:
    require("duckdb")
    import duckdb

    def content(address: str) -> dict[str, list[object]]:
        with duckdb.connect() as warehouse:
            warehouse.execute("attach ':memory:' as db; use db.main")
            warehouse.execute(
                f"create table persons as select 1 as person_id, '{address}' as email"
            )
            warehouse.execute("create table mart as select 1 as person_id, 'here' as place")
            warehouse.execute(_plain(hook))
            cursor = warehouse.execute("select * from mart order by all")
            names = [column[0] for column in cursor.description]
            return dict(zip(names, map(list, zip(*cursor.fetchall(), strict=True)), strict=True))

    before, after = content("ann@example.com"), content("bob@example.com")
    assert {name for name in before if before[name] != after[name]} == changed


def _plain(hook: str) -> str:
    """The hook as dbt would render it in production."""
    for template, sql in {
        "{{ this }}": named("mart"),
        "{{ source('raw', 'persons') }}": named("persons"),
        "{% if target.name == 'prod' %}": "",
        "{% if execute %}": "",
        "{% if load_relation(this) is not none %}": "",
        "{% else %}'x'": "",
        "{% endif %}": "",
    }.items():
        hook = hook.replace(template, sql)
    return hook


HARMLESS = [
    "grant select on {{ this }} to role {{ var('reader') }}",
    "{% if target.name == 'prod' %}grant select on {{ this }} to bi{% endif %}",
    "{% for role in var('readers') %}grant select on {{ this }} to {{ role }};{% endfor %}",
    "grant select on {{ this }} to {% if target.name == 'prod' %}bi{% else %}dev{% endif %}",
    "analyze {{ this }}",
    "vacuum {{ this }}",
    "comment on table {{ this }} is '{{ invocation_id }}; insert into {{ this }}'",
    "create index if not exists {{ this.name }}_idx on {{ this }} (person_id)",
    "create unique index idx_{{ var('suffix') }} on {{ this }} (person_id)",
    "set memory_limit = '1GB'",
    "set variable cutoff = 3",
    "select count(*) from {{ this }}",
    "select 1 from {{ source('raw', 'persons') }} where {{ var('x') }} = 1 -- {{ 'note' }}; update",
    "pragma database_list",
    "begin; commit",
    "copy {{ this }} to 'out.csv'",
    "alter table {{ this }} add constraint c check (person_id > 0)",
    "alter table {{ this }} owner to reader",
    "delete from {{ this }} where person_id = 3",
    "insert into audit.runs values ('{{ invocation_id }}', current_timestamp)",
    "insert into {{ target.schema }}.runs select '{{ this.name }}', count(*) from {{ this }}",
    "{{ log('insert into nothing', info=true) }}",
    "{# insert into {{ this }} select person_id, email from persons #}",
    "insert into {{ this }} select person_id, 'x' from {{ source('raw', 'persons') }}",
    "update {{ this }} set place = upper(place)",
    "",
    ";",
]


@pytest.mark.parametrize("hook", HARMLESS)
def test_a_hook_that_brings_nothing_in_makes_no_noise(hook: str) -> None:
    inventory = traced(model("mart", MART, after=[hook]))
    facts = inventory.relations["model.shop.mart"]
    # what can't be filled in stands in what isn't the project's
    assert held(facts) == QUIET
    assert facts.blind == []
    assert facts.complete


UNREADABLE = [
    "{{ stamp(this) }}",
    "{{ var('after_' ~ this.name) }}",
    "{{ hook_sql }}",
    "insert into {{ this }} select person_id, {{ var('column') }} from main.persons",
    "insert into {{ this }} select person_id, email from {{ var('table') }}",
    "{{ 'insert into ' ~ this ~ ' select 1, 2' }}",
    "{% do run_query('insert into ' ~ this ~ ' select 1, 2') %}",
    "{% set q %}insert into {{ this }} select 1, 2{% endset %}{% do run_query(q) %}",
    "{% call statement('x') %}insert into {{ this }} select 1, 2{% endcall %}",
    "{{ var('verb') }} into {{ this }} select 1, 2",
    "call refresh_everything()",
    "execute immediate 'x'",
    "begin insert into {{ this }} select 1, 2; end",
    "explain analyze insert into {{ this }} select 1, 2",
    "not sql at all",
    "insert into {{ this }}",
    "copy {{ this }} from 'in.csv'",
    "alter table {{ this }} rename to elsewhere",
    "insert into {{ this }} {% if target.name == 'a' %}select 1, 2{% endif %}",
    "{% unheard_of %}select 1",
    "grant select on {{ this }} to {{ unseen_macro() }}",
]


@pytest.mark.parametrize("hook", UNREADABLE)
def test_a_hook_that_cannot_be_read_leaves_its_model_unknown(hook: str) -> None:
    inventory = traced(
        model("mart", MART, after=[hook]),
        macros={"shop.stamp": "update {{ relation }} set place = upper(place)"},
    )
    facts = inventory.relations["model.shop.mart"]
    assert held(facts) == LOST
    assert not facts.complete
    assert [spot.reason for spot in facts.blind if "a hook can't be followed" in spot.reason]


def test_no_reason_repeats_a_literal() -> None:
    inventory = traced(model("mart", MART, after=["'pepper' || {{ x }}", "frobnicate 'pepper'"]))
    reasons = [spot.reason for spot in inventory.relations["model.shop.mart"].blind]
    assert reasons
    assert not [reason for reason in reasons if "pepper" in reason]


GRANTING = "{% macro %}grant select on {{ relation }} to {{ role_of(target) }}{% endmacro %}"
ROLE = "{% macro %}{{ return('bi') }}{% endmacro %}"


def test_a_macro_of_the_project_that_only_grants_makes_no_noise() -> None:
    macros = {"shop.let_read": GRANTING, "shop.role_of": ROLE}
    calls = {"shop.let_read": ("macro.shop.role_of",)}
    assert hooked("{{ let_read(this) }}", macros=macros, calls=calls) == QUIET
    assert hooked("{{ shop.let_read(this) }}", macros=macros, calls=calls) == QUIET


def test_a_macro_that_calls_one_that_writes_is_not_taken_for_quiet() -> None:
    macros = {"shop.let_read": GRANTING, "shop.role_of": "{% do run_query('insert into x') %}"}
    calls = {"shop.let_read": ("macro.shop.role_of",)}
    assert hooked("{{ let_read(this) }}", macros=macros, calls=calls) == LOST


@pytest.mark.parametrize(
    "hook", ["{{ run('insert into ' ~ this ~ ' select 1, 2') }}", "{{ run(var('sql')) }}"]
)
def test_a_macro_that_runs_what_it_is_given_is_judged_by_that(hook: str) -> None:
    macros = {"shop.run": "{% do run_query(sql) %}"}
    assert hooked(hook, macros=macros) == LOST
    assert hooked("{{ run('grant select on ' ~ this ~ ' to bi') }}", macros=macros) == QUIET


def test_a_macro_that_somebody_looked_at_makes_no_noise() -> None:
    macros = {"dbt_snow_mask.apply_masking_policy": "create masking policy ..."}
    assert hooked("{{ dbt_snow_mask.apply_masking_policy('models') }}", macros=macros) == QUIET


# --- forms and rows ------------------------------------------------------------------------------


def test_a_hook_that_hashes_writes_a_digest() -> None:
    assert hooked(f"insert into {{{{ this }}}} select person_id, md5(email) {FROM}")["place"] == {
        WEAK
    }
    salted = "sha256(email || (select salt from {{ source('raw', 'salts') }}))"
    assert hooked(f"insert into {{{{ this }}}} select person_id, {salted} {FROM}")["place"] == {
        PSEUDONYM
    }


def test_what_decides_whether_a_value_is_set_decides_the_value() -> None:
    by = "from {{ source('raw', 'persons') }} as p where p.person_id = mart.person_id and"
    hook = f"update {{{{ this }}}} set place = 'yes' {by} p.email like 'a%'"
    facts = traced(model("mart", MART, after=[hook])).relations["model.shop.mart"]
    labels = {(label.kind, label.form, label.clause) for label in facts.columns["place"].labels}
    assert (EMAIL, Form.SIGNAL, "condition") in labels
    # whether somebody smokes is all that there is to know
    assert hooked(f"update {{{{ this }}}} set place = 'yes' {by} p.smoker")["place"] == {
        f"{SMOKER}:clear"
    }


@pytest.mark.parametrize(
    "hook",
    [
        "insert into {{ this }} select person_id, 'x' from {{ source('raw', 'persons') }} where"
        " email is not null",
        "delete from {{ this }} where person_id in (select person_id from"
        " {{ source('raw', 'persons') }} where email like 'a%')",
        "merge into {{ this }} as m using {{ source('raw', 'persons') }} as p on"
        " m.person_id = p.person_id when matched and p.email like 'a%' then delete",
    ],
    ids=["insert", "delete", "merge"],
)
def test_what_decides_which_rows_a_hook_leaves_is_a_signal(hook: str) -> None:
    facts = traced(model("mart", MART, after=[hook])).relations["model.shop.mart"]
    assert EMAIL in {label.kind for label in facts.signals}
    assert held(facts) == QUIET


def test_an_update_decides_about_no_row() -> None:
    among = "(select person_id from main.persons where email > 'a')"
    hook = f"update {{{{ this }}}} set place = 'x' where person_id in {among}"
    facts = traced(model("mart", MART, after=[hook])).relations["model.shop.mart"]
    assert not facts.signals


def test_labels_run_on_from_one_hook_to_the_next_whatever_their_order() -> None:
    hooks = [
        "update {{ this }} set person_id = place",
        f"insert into {{{{ this }}}} select person_id, email {FROM}",
    ]
    for order in (hooks, hooks[::-1]):
        assert hooked(*order) == {"person_id": {CLEAR}, "place": {CLEAR}}


def test_a_renamed_column_carries_its_labels_under_the_new_name() -> None:
    node = model(
        "mart",
        "select person_id, email as place from {persons}",
        after=["alter table {{ this }} rename column place to town"],
    )
    assert mart(traced(node)) == {"person_id": set(), "place": {CLEAR}, "town": {CLEAR}}


def test_a_column_that_a_hook_adds_is_listed_and_read_by_others() -> None:
    hooks = [
        "alter table {{ this }} add column contact varchar",
        "update {{ this }} set contact = (select max(email) from {{ source('raw', 'persons') }})",
    ]
    inventory = traced(
        model("mart", MART, after=hooks),
        model("reader", f"select * from {named('mart')}"),
    )
    assert mart(inventory) == {**QUIET, "contact": {CLEAR}}
    assert mart(inventory, "reader") == {**QUIET, "contact": {CLEAR}}


def test_an_insert_into_a_relation_of_unknown_columns_may_reach_each_of_them() -> None:
    node = model("mart", "select * from somewhere.undeclared", after=[WRITTEN["merge"][0]])
    assert mart(traced(node))["*"] == {UNKNOWN}
    node = model(
        "mart",
        "select * from somewhere.undeclared",
        after=[f"insert into {{{{ this }}}} select person_id, email {FROM}"],
    )
    assert mart(traced(node))["*"] == {UNKNOWN, CLEAR}


# --- who writes to whom --------------------------------------------------------------------------


def test_a_hook_may_write_to_another_model() -> None:
    inventory = traced(
        model("mart", MART),
        model(
            "writer",
            "select person_id, email from {persons}",
            after=["insert into {{ ref('mart') }} select person_id, email from {{ this }}"],
        ),
        model("reader", f"select place from {named('mart')}"),
    )
    assert mart(inventory) == {"person_id": set(), "place": {CLEAR}}
    assert mart(inventory, "reader") == {"place": {CLEAR}}
    assert "model.shop.writer" in inventory.relations["model.shop.mart"].reads
    path = inventory.path(
        "model.shop.reader",
        "place",
        next(iter(inventory.relations["model.shop.reader"].columns["place"].labels)),
    )
    assert [hop.node.rsplit(".", 1)[-1] for hop in path] == ["persons", "writer", "mart", "reader"]


def test_an_unreadable_hook_counts_where_it_writes_and_nowhere_else() -> None:
    inventory = traced(
        model("mart", MART),
        model("writer", MART, after=["insert into {{ ref('mart') }} select {{ var('list') }}"]),
    )
    assert mart(inventory) == LOST
    assert mart(inventory, "writer") == QUIET
    (spot,) = inventory.relations["model.shop.mart"].blind
    assert "a hook of the model writer" in spot.reason


def test_relations_that_write_to_each_other_share_what_they_hold() -> None:
    inventory = traced(
        model(
            "first_one", MART, after=["insert into main.second_one select * from main.first_one"]
        ),
        model(
            "second_one",
            MART,
            after=[
                f"insert into {named('second_one')} select person_id, email {FROM}",
                f"insert into {named('first_one')} select person_id, place from {{{{ this }}}}",
            ],
        ),
    )
    assert mart(inventory, "first_one") == {"person_id": set(), "place": {CLEAR}}
    assert mart(inventory, "second_one") == {"person_id": set(), "place": {CLEAR}}


def test_two_parts_that_two_hooks_write_are_the_whole() -> None:
    cut = "insert into {{{{ this }}}} select person_id, {} from main.persons"
    one = hooked(cut.format("left(phone, 3)"))
    both = hooked(cut.format("left(phone, 3)"), cut.format("right(phone, 4)"))
    assert one["place"] == {f"{PHONE}:partial"}
    assert both["place"] == {f"{PHONE}:clear"}


def test_a_salt_that_a_hook_may_delete_is_no_key_where_a_null_is_left_out() -> None:
    keyed = "select sha256(concat(email, salt)) as place from {persons} cross join main.salts"
    emptied = operation("delete from main.salts where true")
    assert mart(traced(model("mart", keyed)))["place"] == {PSEUDONYM}
    assert mart(traced(model("mart", keyed), emptied))["place"] == {WEAK}


def test_a_hook_of_a_seed_or_source_counts_too() -> None:
    seed = model("codes", "", resource_type="seed", unique_id="seed.shop.codes", compiled_code=None)
    hook = "insert into {{ ref('codes') }} (note) select email from main.persons"
    inventory = traced(seed, model("mart", MART, before=[hook]))
    assert held(inventory.relations["seed.shop.codes"])["note"] == {CLEAR}
    hook = "insert into {{ source('raw', 'logins') }} (page) select email from main.persons"
    inventory = traced(
        model("mart", MART, before=[hook]), model("reader", "select page from {logins}")
    )
    assert mart(inventory, "reader") == {"page": {CLEAR}}


def test_a_reference_means_the_version_that_dbt_depends_on() -> None:
    old = model("card", MART, unique_id="model.shop.card.v1", relation_name='"db"."main"."card_v1"')
    new = model("card", MART, unique_id="model.shop.card.v2", relation_name='"db"."main"."card_v2"')
    hook = "insert into {{ ref('card') }} select person_id, email from main.persons"
    writer = model("writer", MART, after=[hook], depends_on=("model.shop.card.v2",))
    inventory = traced(old, new, writer)
    assert held(inventory.relations["model.shop.card.v1"]) == QUIET
    assert held(inventory.relations["model.shop.card.v2"])["place"] == {CLEAR}
    pinned = model("writer", MART, after=[hook.replace("'card'", "'card', v=1")])
    inventory = traced(old, new, pinned)
    assert held(inventory.relations["model.shop.card.v1"])["place"] == {CLEAR}


def test_a_reference_that_means_two_things_cannot_be_read() -> None:
    twins = [
        model("card", MART, unique_id=f"model.{package}.card", package=package, relation_name=name)
        for package, name in (("a", '"db"."a"."card"'), ("b", '"db"."b"."card"'))
    ]
    hook = "insert into {{ ref('card') }} select person_id, email from main.persons"
    inventory = traced(*twins, model("mart", MART, after=[hook]))
    assert mart(inventory) == LOST
    hook = hook.replace("'card'", "'a', 'card'")
    inventory = traced(*twins, model("mart", MART, after=[hook]))
    assert mart(inventory) == QUIET
    assert held(inventory.relations["model.a.card"])["place"] == {CLEAR}


def test_an_incremental_model_that_a_hook_reads_is_not_taken_for_its_incremental_branch() -> None:
    node = model("mart", MART, after=["update {{ this }} set place = upper(place)"])
    assert "model.shop.mart" not in traced(node).relations["model.shop.mart"].reads


# --- operations ----------------------------------------------------------------------------------


def test_an_operation_writes_as_a_hook_does() -> None:
    sql = "insert into main.mart select person_id, email from main.persons"
    assert mart(traced(model("mart", MART), operation(sql)))["place"] == {CLEAR}


@pytest.mark.parametrize(
    "sql",
    ["", "create schema if not exists audit", "grant select on  to x", "create table x (a int)"],
)
def test_an_operation_that_writes_nothing_is_ignored(sql: str) -> None:
    inventory = traced(model("mart", MART), operation(sql))
    assert mart(inventory) == QUIET
    assert not [uid for uid in inventory.relations if uid.startswith("operation.")]


def test_an_operation_that_cannot_be_followed_is_named() -> None:
    inventory = traced(model("mart", MART), operation("call refresh_everything()"))
    assert mart(inventory) == QUIET
    assert inventory.relations["operation.shop.shop-on-run-end-0"].blind


def test_an_operation_that_was_not_compiled_is_read_as_a_template() -> None:
    raw = "insert into {{ ref('mart') }} select person_id, email from main.persons"
    assert mart(traced(model("mart", MART), operation(None, raw=raw)))["place"] == {CLEAR}


def test_hooks_that_dbt_copies_onto_an_operation_are_not_its_own() -> None:
    start = operation("select 1")
    nodes = {"post_hooks": ("insert into main.mart select person_id, email from main.persons",)}
    copied = Node(**{f: getattr(start, f) for f in start.__slots__} | nodes)  # type: ignore[arg-type]
    assert mart(traced(model("mart", MART), copied)) == QUIET


# --- what a session keeps ------------------------------------------------------------------------


def test_a_variable_carries_what_it_was_set_from() -> None:
    setting = "set variable lead = (select max(email) from main.persons)"
    node = model("mart", "select getvariable('lead') as place")
    inventory = traced(node, operation(setting, "shop-on-run-start-0"))
    assert mart(inventory) == {"place": {CLEAR}}
    plain = traced(node, operation("set variable lead = 'x'", "shop-on-run-start-0"))
    assert mart(plain) == {"place": set()}


def test_a_variable_carries_on_what_another_held() -> None:
    hooks = [
        "set variable first_one = (select md5(max(email)) from {{ source('raw', 'persons') }})",
        "set variable second_one = getvariable('first_one') || 'x'",
    ]
    inventory = traced(
        model("a_mart", "select getvariable('second_one') as place"),
        model("writer", MART, before=hooks),
    )
    assert mart(inventory, "a_mart") == {"place": {WEAK}}


def test_a_variable_that_holds_the_salt_may_be_null_and_is_still_a_key() -> None:
    setting = operation("set variable salt = (select salt from main.salts)", "shop-on-run-start-0")
    keyed = "select sha256(email || getvariable('salt')) as place from {persons}"
    skipped = "select sha256(concat(email, getvariable('salt'))) as place from {persons}"
    assert mart(traced(model("mart", keyed), setting)) == {"place": {PSEUDONYM}}
    # concat() leaves a null out, and the digest is the plain one
    assert mart(traced(model("mart", skipped), setting)) == {"place": {WEAK}}


def test_a_variable_of_snowflake_carries_what_it_was_set_from() -> None:
    setting = operation("set lead = (select max(email) from main.persons)")
    node = model("mart", "select $lead as place, $other as more")
    inventory = traced(node, setting, adapter="snowflake")
    assert mart(inventory) == {"place": {CLEAR}, "more": set()}


def test_a_setting_of_postgres_carries_what_it_was_set_from() -> None:
    setting = "select set_config('shop.lead', email, false) from main.persons"
    node = model("mart", "select current_setting('shop.lead') as place")
    assert mart(traced(node, operation(setting), adapter="postgres")) == {"place": {CLEAR}}


def test_a_function_that_may_write_makes_a_query_unreadable_where_functions_can() -> None:
    hook = "select refresh_contacts()"
    node = model("mart", MART, after=[hook])
    assert mart(traced(node, adapter="postgres")) == LOST
    assert mart(traced(node, adapter="duckdb")) == QUIET
    harmless = model(
        "mart", MART, after=["select lower(place), count(*) from {{ this }} group by 1"]
    )
    assert mart(traced(harmless, adapter="postgres")) == QUIET


LEAD = "set variable lead = (select max(email) from main.persons)"


@pytest.mark.parametrize(
    ("change", "held_after"),
    [
        ("add column note varchar default getvariable('lead')", {**QUIET, "note": {CLEAR}}),
        ("alter column place set default getvariable('lead')", {**QUIET, "place": {CLEAR}}),
        ("add column note timestamp default now()", {**QUIET, "note": set()}),
        ("add column note varchar default 'lead (the)'", QUIET),
    ],
)
def test_a_column_holds_what_its_default_may_be(
    change: str, held_after: dict[str, set[str]]
) -> None:
    assert hooked(LEAD, f"alter table {{{{ this }}}} {change}") == held_after


@pytest.mark.parametrize(
    "definition", ["default getvariable('lead')", "generated always as (getvariable('lead'))"]
)
def test_a_table_that_a_hook_defines_holds_what_its_defaults_may_be(definition: str) -> None:
    hooks = [LEAD, f"create or replace table main.logins (page varchar {definition})"]
    inventory = traced(
        model("mart", MART, before=hooks), model("reader", "select page from {logins}")
    )
    assert mart(inventory, "reader") == {"page": {CLEAR}}


def test_a_type_that_lists_what_a_query_gives_is_unknown_where_it_is_named() -> None:
    nodes = (
        model("mart", "select unnest(enum_range(null::mood)) as place"),
        model("other", "select page as mood_swing from {logins}"),
    )
    made = operation("create or replace type mood as enum (select email from main.persons)")
    inventory = traced(*nodes, made)
    assert mart(inventory)["place"] == {UNKNOWN}
    assert mart(inventory, "other") == {"mood_swing": set()}
    made = operation("create type mood as enum ('select', 'from')")
    assert mart(traced(*nodes, made)) == {"place": set()}


# --- what a configuration writes -----------------------------------------------------------------

FOUND = "(select max(email) from main.persons)"
SETTING = {"action": "update", "mode": "explicit"}
MERGES: dict[str, dict[str, object]] = {
    "an expression of a merge": {"merge_update_set_expressions": {"place": FOUND}},
    "an expression of a clause": {
        "merge_clauses": {
            "when_matched": [{**SETTING, "update": {"set_expressions": {"place": FOUND}}}]
        }
    },
    "an expression of a clause for what isn't there": {
        "merge_clauses": {
            "when_not_matched": [{"action": "update", "set_expressions": {"place": FOUND}}]
        }
    },
    "what a clause inserts": {
        "merge_clauses": {
            "when_not_matched": [
                {"insert": {"columns": ["person_id", "place"], "values": ["1", FOUND]}}
            ]
        }
    },
}


def configured(**settings: object) -> RelationFacts:
    config = NodeConfig(materialized="incremental", **settings)  # type: ignore[arg-type]
    node = model("mart", MART, after=statements(config), materialized="incremental")
    return traced(node).relations["model.shop.mart"]


@pytest.mark.parametrize("settings", MERGES.values(), ids=MERGES)
def test_what_a_configuration_writes_stands_in_its_model(settings: dict[str, object]) -> None:
    assert held(configured(**settings)) == {"person_id": set(), "place": {CLEAR}}


@pytest.mark.parametrize(
    "settings",
    [
        {"merge_update_set_expressions": {"place": "upper(DBT_INTERNAL_SOURCE.place)"}},
        {"incremental_predicates": ["DBT_INTERNAL_DEST.person_id > 3"]},
        {"merge_clauses": {"when_matched": [{"action": "delete"}, "odd"], "when_not_matched": 3}},
        {"merge_update_set_expressions": None, "merge_clauses": [], "predicates": 3},
    ],
)
def test_a_configuration_that_brings_nothing_in_makes_no_noise(settings: dict[str, object]) -> None:
    facts = configured(**settings)
    assert held(facts) == QUIET
    assert facts.blind == []
    assert not facts.signals


@pytest.mark.parametrize(
    "setting", ["incremental_predicates", "merge_update_condition", "merge_insert_condition"]
)
def test_a_query_in_a_condition_decides_which_rows_there_are(setting: str) -> None:
    condition = f"DBT_INTERNAL_DEST.person_id < length({FOUND})"
    facts = configured(**{setting: condition})
    assert EMAIL in {label.kind for label in facts.signals}
    assert held(facts) == QUIET


def test_a_default_among_a_seeds_column_types_counts() -> None:
    types = {"email": "varchar", "lead": "varchar default getvariable('lead')", "n": 3}
    given = statements(NodeConfig(materialized="seed", column_types=types))
    assert len(given) == 1
    seed = model("codes", "", before=[LEAD], after=given)
    seed = replace(seed, resource_type="seed", unique_id="seed.shop.codes", compiled_code=None)
    assert held(traced(seed).relations["seed.shop.codes"])["lead"] == {CLEAR}
    assert statements(NodeConfig(column_types=["odd"])) == ()


def test_a_snapshots_own_columns_are_known_by_the_names_that_they_were_given() -> None:
    config = NodeConfig(
        materialized="snapshot",
        snapshot_meta_column_names={"dbt_scd_id": "Row_Digest"},
        dbt_valid_to_current="(select max(born_on) from main.persons)",
        hard_deletes="new_record",
    )
    names = meta_columns(config)
    assert names["dbt_is_deleted"] == "dbt_is_deleted"
    assert "dbt_is_deleted" not in meta_columns(NodeConfig())
    history = model(
        "history",
        "select * from {persons}",
        after=[text.replace("born_on", "email") for text in statements(config)],
        resource_type="snapshot",
        unique_key=("email",),
        meta_columns=names,
    )
    sql = f"select row_digest, dbt_valid_to, dbt_is_deleted from {named('history')}"
    inventory = traced(history, model("mart", sql))
    assert mart(inventory) == {
        "row_digest": {WEAK},
        "dbt_valid_to": {CLEAR},
        "dbt_is_deleted": set(),
    }


@pytest.mark.parametrize("checked", [("email",), ("all",)])
def test_what_makes_a_version_in_a_snapshot_decides_which_rows_there_are(
    checked: tuple[str, ...],
) -> None:
    def signals(*columns: str) -> set[str]:
        node = model("history", "select * from {persons}", check_columns=columns)
        node = replace(node, resource_type="snapshot")
        facts = traced(node).relations["model.shop.history"]
        return {label.kind for label in facts.signals}

    assert EMAIL in signals(*checked)
    assert signals("person_id") == set()


# --- what a template runs ------------------------------------------------------------------------

STAGED = model("staged", "select person_id, email, person_id % 3 as city from {persons}")
VALUES = {
    "dbt_utils.get_column_values": "{{ return(adapter.dispatch('get_column_values')(t, column)) }}",
    "dbt_utils.default__get_column_values": "{% call statement('values') %}select {{ column }}"
    " from {{ t }} where email{% endcall %}",
    "shop.addresses": "{% do run_query('select distinct email from ' ~ ref('staged')) %}",
    "shop.towns": "{% do run_query('select distinct city from ' ~ ref('staged')) %}",
    "shop.raw_addresses": "{% do run_query('select email from main.persons') %}",
    "shop.refresh": "{% do run_query('create or replace table main.mart as select 1') %}",
    "shop.tidy": "{% do run_query('drop table if exists main.mart') %}",
}
VALUES_CALL = {
    "dbt_utils.get_column_values": ("macro.dbt_utils.default__get_column_values",),
    "dbt_utils.default__get_column_values": ("macro.dbt.statement",),
    **dict.fromkeys(
        (name for name in VALUES if name.startswith("shop.")),
        ("macro.dbt.run_query",),
    ),
}


def templated(raw: str, *calls: str, depends: Sequence[str] = ("model.shop.staged",)) -> Node:
    names = tuple(f"macro.{name}" for name in calls)
    sql = "select 1 as place, 'email' as word"
    return model("mart", sql, raw_code=raw, depends_on=depends, depends_on_macros=names)


def told(raw: str, *calls: str, depends: Sequence[str] = ("model.shop.staged",)) -> RelationFacts:
    inventory = traced(
        STAGED, templated(raw, *calls, depends=depends), macros=VALUES, calls=VALUES_CALL
    )
    return inventory.relations["model.shop.mart"]


ASKING = {
    "a query": ("{% set q = run_query('select email from ' ~ ref('staged')) %}", "dbt.run_query"),
    "a query in a block": (
        "{% set q %}select email from {{ ref('staged') }}{% endset %}{% do run_query(q) %}",
        "dbt.run_query",
    ),
    "a statement": (
        "{% call statement('x', fetch_result=true) %}select email from {{ ref('staged') }}"
        "{% endcall %}",
        "dbt.statement",
    ),
    "a macro that is told the column": (
        "{% for v in dbt_utils.get_column_values(ref('staged'), 'email') %}'{{ v }}',{% endfor %}",
        "dbt_utils.get_column_values",
    ),
    "a macro that knows the column": ("{% set v = addresses() %}", "shop.addresses"),
}


@pytest.mark.parametrize(("raw", "macro"), ASKING.values(), ids=ASKING)
def test_a_personal_column_that_a_template_asks_for_may_stand_in_the_sql(
    raw: str, macro: str
) -> None:
    facts = told(f"select 1 as place, {raw}", macro)
    # what the template doesn't name may be named after people
    assert held(facts) == {"place": {CLEAR}, "*": {CLEAR}}


def test_what_reads_a_column_that_was_named_after_data_holds_it_too() -> None:
    raw, macro = ASKING["a macro that knows the column"]
    reader = model("reader", f"select word from {named('mart')}")
    inventory = traced(STAGED, templated(raw, macro), reader, macros=VALUES, calls=VALUES_CALL)
    assert mart(inventory, "reader") == {"word": {CLEAR}}


def test_a_source_need_not_be_named_by_a_reference() -> None:
    facts = told("{% set v = raw_addresses() %}", "shop.raw_addresses", depends=())
    assert held(facts) == {"*": {CLEAR}}


@pytest.mark.parametrize(
    ("raw", "macro"),
    [
        ("{% set q = run_query('select city from ' ~ ref('staged')) %}", "dbt.run_query"),
        (
            "select email, {{ hash_of('email') }} {% for v in"
            " dbt_utils.get_column_values(ref('staged'), 'city') %}'{{ v }}',{% endfor %}",
            "dbt_utils.get_column_values",
        ),
        ("{% set v = towns() %}{# email #}select email", "shop.towns"),
        ("{% do tidy() %}", "shop.tidy"),
        (
            "{{ config(post_hook=\"{% do run_query('select email from x') %}\") }}",
            "dbt.run_query",
        ),
        ("select {{ hash_of('email') }}", "shop.hash_of"),
    ],
)
def test_what_a_template_asks_for_of_other_columns_makes_no_noise(raw: str, macro: str) -> None:
    facts = told(raw, macro)
    assert held(facts) == {"place": set(), "word": set()}
    assert facts.blind == []


def test_what_a_template_writes_while_dbt_renders_it_counts_where_it_writes() -> None:
    raw = "{% do refresh() %}"
    (spot,) = told(raw, "shop.refresh").blind
    assert spot.reason.startswith("a template can't be followed")
    writer = replace(
        templated(raw, "shop.refresh", depends=()),
        unique_id="model.shop.writer",
        relation_name=named("writer"),
    )
    inventory = traced(model("mart", MART), writer, macros=VALUES, calls=VALUES_CALL)
    assert mart(inventory) == LOST


def test_what_an_operation_runs_unseen_is_said_of_it() -> None:
    def blind(raw: str, macro: str) -> list[str]:
        quiet = replace(operation("", raw=raw), depends_on_macros=(f"macro.{macro}",))
        relations = traced(STAGED, quiet, macros=VALUES, calls=VALUES_CALL).relations
        found = relations.get(quiet.unique_id)
        return [spot.reason for spot in found.blind] if found else []

    (reason,) = blind("{{ refresh() }}", "shop.refresh")
    assert "no compiled SQL shows that" in reason
    assert blind("{{ tidy() }}", "shop.tidy") == []


# --- branches that hang on a state ---------------------------------------------------------------

SEEN = "select person_id as place from {persons}"
BRANCHES = {
    "a relation that may be there": "{% if execute and load_relation(this) %}select email from x"
    "{% else %}select person_id as place from{% endif %}",
    "a relation asked for before": "{% set there = adapter.get_relation('a', 'b', 'c') %}"
    "select person_id as place from {% if there is not none %}, email{% endif %}",
    "a full refresh": "{% if not flags.FULL_REFRESH %}select person_id as place from"
    "{% elif var('x') %}select email{% endif %}",
    "a column of a table": "{% if should_full_refresh() %}select persons.email{% endif %}",
    "every column": "{% if should_full_refresh() %}select * from x{% endif %}",
    "columns that the warehouse lists": "select person_id as place {% for c in"
    " adapter.get_columns_in_relation(source('raw', 'persons')) %}, {{ c.name }} as"
    " c{{ loop.index }}{% endfor %}",
}
UNHURT = {
    "the branch that was seen": "{% if load_relation(this) %}select person_id as place from"
    "{% endif %} {{ mask('email') }}",
    "columns that were listed": "{% set all = adapter.get_columns_in_relation(ref('x')) %}"
    "select {% for c in all %}{{ c.name }} as {{ c.name }}{{ ',' if not loop.last }}{% endfor %}",
    "a branch without personal data": "{% if load_relation(this) %}select page{% endif %}",
    "a branch that chooses rows": "{% if not flags.FULL_REFRESH %}where email > 'a'{% endif %}",
    "what the target decides": "{% if target.name == 'dev' %}select email{% endif %}",
    "a state that nothing hangs on": "{% set there = load_relation(this) %}{% if execute %}"
    "select email{% endif %}",
}


def branched(raw: str, *more: Node) -> RelationFacts:
    node = model("mart", SEEN, raw_code=raw, depends_on=("source.shop.raw.persons",))
    return traced(node, *more).relations["model.shop.mart"]


@pytest.mark.parametrize("raw", BRANCHES.values(), ids=BRANCHES)
def test_a_branch_that_the_warehouse_chooses_and_nobody_saw_is_unknown(raw: str) -> None:
    facts = branched(raw)
    assert held(facts)["place"] == {UNKNOWN}
    assert [spot.reason.partition(":")[0] for spot in facts.blind] == [
        "a branch that hangs on what the warehouse holds was not seen"
    ]


@pytest.mark.parametrize("raw", UNHURT.values(), ids=UNHURT)
def test_other_branches_are_taken_as_they_were_compiled(raw: str) -> None:
    facts = branched(raw)
    assert held(facts) == {"place": set()}
    assert facts.blind == []


# --- functions -----------------------------------------------------------------------------------


def test_a_function_that_reads_a_relation_hands_on_what_it_reads() -> None:
    leak = function("leak", "select email from main.persons where person_id = some_id", ["some_id"])
    sql = "select person_id, main.leak(person_id) as place from {persons}"
    inventory = traced(model("mart", sql), leak)
    assert mart(inventory) == {"person_id": set(), "place": {CLEAR}}
    assert inventory.relations["model.shop.mart"].blind == []


def test_a_function_of_its_arguments_alone_transforms_them() -> None:
    mask = function("mask", "'x' || part", ["part"])
    sql = "select main.mask(page) as place, main.mask(page) as other from {logins}"
    assert mart(traced(model("mart", sql), mask)) == {"place": set(), "other": set()}
    sql = "select main.mask(email) as place from {persons}"
    assert mart(traced(model("mart", sql), mask)) == {"place": {CLEAR}}


def test_a_function_that_calls_one_that_reads_reads_too() -> None:
    nodes = [
        function("a_reader", "b_reader()"),
        function("b_reader", "select max(email) from main.persons"),
    ]
    assert mart(traced(model("mart", "select a_reader() as place"), *nodes)) == {"place": {CLEAR}}


@pytest.mark.parametrize(
    ("body", "language", "labels"),
    [
        ("begin return (select email from main.persons); end", "sql", {UNKNOWN}),
        ("return 'x';;", "sql", set()),
        ("def main(): return 1", "python", set()),
    ],
)
def test_a_function_whose_body_cannot_be_read_is_unknown_if_it_may_read(
    body: str, language: str, labels: set[str]
) -> None:
    node = function("odd", body, language=language)
    assert mart(traced(model("mart", "select odd() as place"), node)) == {"place": labels}


def test_a_function_for_which_the_policy_vouches_is_what_the_policy_says(tmp_path: Path) -> None:
    leak = function("pick", "select max(email) from main.persons")
    policy = "version: 1\nfunctions: {pick: {class: constant, reason: made up here}}\n"
    node = model("mart", "select pick() as place")
    assert mart(traced(node, leak, policy=policy, folder=tmp_path)) == {"place": set()}
    assert mart(traced(node, leak)) == {"place": {CLEAR}}


@pytest.mark.parametrize("noun", ["macro", "function"])
def test_a_macro_that_an_operation_makes_hands_on_what_it_reads(noun: str) -> None:
    made = operation(
        f"create or replace {noun} pick(n) as (select email from main.persons limit n)"
    )
    assert mart(traced(model("mart", "select pick(1) as place"), made)) == {"place": {CLEAR}}
    made = operation(f"create {noun} half(a) as a / 2")
    sql = "select half(person_id) as place from {persons}"
    assert mart(traced(model("mart", sql), made)) == {"place": set()}


def test_a_macro_under_the_name_of_a_digest_is_no_digest() -> None:
    sql = "select md5(email) as place from {persons}"
    assert mart(traced(model("mart", sql))) == {"place": {WEAK}}
    made = operation("create macro md5(a) as a")
    assert mart(traced(model("mart", sql), made)) == {"place": {CLEAR}}


@pytest.mark.parametrize(
    ("made", "call"),
    [
        ("sha256(s) as s", "sha256(email || (select salt from main.salts))"),
        ("sha1(s) as s", "sha1(email)"),
        ("date_trunc(k, s) as s", "date_trunc('year', email)"),
        ("lower(s) as (select max(email) from main.persons)", "lower('x')"),
        ("today() as (select max(email) from main.persons)", "today()"),
        ("current_date() as (select max(email) from main.persons)", "current_date"),
        ("random() as (select max(email) from main.persons)", "random()"),
        ("version() as (select max(email) from main.persons)", "version()"),
        ("date_part(k, s) as s", "extract(year from email)"),
        ('"||"(a, b) as (select max(email) from main.persons)', "'a'||'b'"),
        ('"~~"(a, b) as a', "email like 'a%'"),
        ("struct_pack(a) as (select max(email) from main.persons)", "{'a': 1}"),
    ],
)
def test_a_macro_under_the_name_of_a_built_in_function_replaces_it(made: str, call: str) -> None:
    node = model(
        "mart", f"select {call} as place from {{persons}}".replace("{'a': 1}", "{{'a': 1}}")
    )
    assert CLEAR not in mart(traced(node))["place"]
    assert CLEAR in mart(traced(node, operation(f"create or replace macro main.{made}")))["place"]


def test_a_macro_under_the_name_of_a_digest_leaves_other_digests_alone() -> None:
    node = model("mart", "select md5(email) as place from {persons}")
    made = operation("create macro sha256(s) as s")
    assert mart(traced(node, made)) == {"place": {WEAK}}


def test_a_macro_that_cannot_be_read_makes_its_calls_unknown() -> None:
    node = model("mart", "select sha256(email) as place from {persons}")
    made = operation("create macro sha256(s, width := 5) as s")
    assert mart(traced(node, made)) == {"place": {CLEAR, UNKNOWN}}


def test_a_table_macro_stays_unknown() -> None:
    made = operation("create macro people() as table select * from main.persons")
    assert mart(traced(model("mart", "select * from people()"), made))["*"] == {UNKNOWN}
    made = operation("create macro generate_series(a) as table select * from main.persons")
    sql = "select * from generate_series(3)"
    assert mart(traced(model("mart", sql), made))["*"] == {UNKNOWN}
    assert UNKNOWN not in mart(traced(model("mart", sql)))["generate_series"]


# --- words ---------------------------------------------------------------------------------------


def test_the_lists_of_words_are_lower_case_and_without_repetition() -> None:
    words = load_statement_words()
    for name in words.__slots__:
        listed = getattr(words, name)
        assert listed
        assert len(set(listed)) == len(listed)
        assert all(word == " ".join(word.lower().split()) for word in listed)
