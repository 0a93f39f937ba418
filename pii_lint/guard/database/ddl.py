"""A plan as SQL: up, which may run again and again, and down."""

from __future__ import annotations

from collections.abc import Iterator

from pii_lint.guard.database.names import dollar_quoted, literal, quoted
from pii_lint.guard.database.plan import Function, Plan, Table, Trigger

_HEAD = """\
-- Layers 2 and 3 against personal data in payloads, written by `pii-lint guard ddl`.
-- Don't edit it: change the registry and write it anew. It may run again at any time.
"""
_DOWN_HEAD = """\
-- Takes layers 2 and 3 away, written by `pii-lint guard ddl --down`.
-- Dropping them needs an amended decision record and a review: payloads come in unlooked at.
"""


def up(plan: Plan) -> str:
    """A script for psql, in one transaction."""
    return _script(_HEAD, up_statements(plan))


def down(plan: Plan, *, findings: bool = False) -> str:
    """The script that takes it back; the findings are evidence and stay, unless they shall go."""
    return _script(_DOWN_HEAD, down_statements(plan, findings=findings))


def up_statements(plan: Plan) -> Iterator[str]:
    """What to run, in this order and in one transaction."""
    yield "set local standard_conforming_strings = on"
    yield "set local client_min_messages = warning"
    yield f"set local role {quoted(plan.roles.owner)}"
    yield f"set local search_path = {quoted(plan.schema)}, pg_catalog, pg_temp"
    for table in plan.tables:
        yield from _table(plan, table)
    for sequence in plan.sequences:
        yield f"create sequence if not exists {_in(plan, sequence)} as bigint no cycle cache 1"
        yield (
            f"comment on sequence {_in(plan, sequence)} is "
            "'Counts refusals of the Layer 2 guardrail; a rollback takes none back.'"
        )
        yield f"revoke all on sequence {_in(plan, sequence)} from public"
    yield f"create or replace view {_in(plan, plan.view.name)} as\n{plan.view.definition}"
    yield f"comment on view {_in(plan, plan.view.name)} is {literal(plan.view.comment)}"
    for function in plan.functions:
        yield from _function(plan, function)
    for trigger in plan.triggers:
        yield _trigger(plan, trigger)
        yield (
            f"comment on trigger {quoted(trigger.name)} on {_in(plan, trigger.table)} "
            f"is {literal(trigger.comment)}"
        )
    readers = f"{quoted(plan.roles.ingest)}, {quoted(plan.roles.read)}"
    for relation in plan.readable:
        yield f"revoke all on table {_in(plan, relation)} from public, {readers}"
        yield f"grant select on table {_in(plan, relation)} to {readers}"


def down_statements(plan: Plan, *, findings: bool = False) -> Iterator[str]:
    """What takes it back, in this order and in one transaction."""
    yield "set local client_min_messages = warning"
    yield f"set local role {quoted(plan.roles.owner)}"
    for trigger in plan.triggers:
        yield (f"do {dollar_quoted(_drop_trigger(plan, trigger))}")
    for function in reversed(plan.functions):
        what = "procedure" if function.returns is None else "function"
        yield f"drop {what} if exists {_in(plan, function.name)}({_types(function)})"
    yield f"drop view if exists {_in(plan, plan.view.name)}"
    for sequence in plan.sequences:
        yield f"drop sequence if exists {_in(plan, sequence)}"
    if findings:
        for table in reversed(plan.tables):
            yield f"drop table if exists {_in(plan, table.name)}"


def _script(head: str, statements: Iterator[str]) -> str:
    return head + "\nbegin;\n\n" + ";\n\n".join(statements) + ";\n\ncommit;\n"


def _in(plan: Plan, name: str) -> str:
    return f"{quoted(plan.schema)}.{quoted(name)}"


def _table(plan: Plan, table: Table) -> Iterator[str]:
    columns = [f"{column.name} {column.definition}" for column in table.columns]
    columns.append(f"primary key ({', '.join(table.key)})")
    yield (
        f"create table if not exists {_in(plan, table.name)} (\n  " + ",\n  ".join(columns) + "\n)"
    )
    yield f"comment on table {_in(plan, table.name)} is {literal(table.comment)}"
    for index in table.indexes:
        unique = "unique " if index.unique else ""
        yield (
            f"create {unique}index if not exists {quoted(index.name)} "
            f"on {_in(plan, table.name)} ({index.columns.lower()})"
        )
        yield (
            f"comment on index {_in(plan, index.name)} is "
            f"{literal(f'Of {table.name}, by {index.columns.lower()}.')}"
        )


def _function(plan: Plan, function: Function) -> Iterator[str]:
    what = "procedure" if function.returns is None else "function"
    name = f"{_in(plan, function.name)}({_types(function)})"
    attributes = ["language plpgsql"]
    if function.returns is not None:
        attributes.append(function.volatility)
        attributes.append(
            "parallel safe" if function.volatility == "immutable" else "parallel unsafe"
        )
    attributes.append("security definer" if function.definer else "security invoker")
    for setting in function.settings:
        key, _, value = setting.partition("=")
        attributes.append(f"set {key} = {value}")
    returns = "" if function.returns is None else f"\n  returns {function.returns}"
    yield (
        f"create or replace {what} {_in(plan, function.name)}({function.declared}){returns}\n  "
        + "\n  ".join(attributes)
        + f"\n  as {dollar_quoted(function.body)}"
    )
    yield f"comment on {what} {name} is {literal(function.comment)}"
    if function.public:
        yield f"grant execute on {what} {name} to public"
    else:
        yield f"revoke all on {what} {name} from public"


def _types(function: Function) -> str:
    words = (each.split() for each in function.arguments.split(", ") if each)
    return ", ".join(each[-1] for each in words)


def _trigger(plan: Plan, trigger: Trigger) -> str:
    relation = _in(plan, trigger.table)
    # one that fires even for replication stays so, one that was switched off is switched on
    body = f"""
declare
  always constant boolean := exists (
    select from pg_catalog.pg_trigger
    where tgrelid = {literal(relation)}::pg_catalog.regclass
      and tgname = {literal(trigger.name)} and tgenabled = 'A'
  );
begin
  create or replace trigger {quoted(trigger.name)}
    before insert or update on {relation}
    for each row execute function {_in(plan, "fn_enforce_pii_guardrail")}({literal(trigger.table)});
  if always then
    alter table {relation} enable always trigger {quoted(trigger.name)};
  else
    alter table {relation} enable trigger {quoted(trigger.name)};
  end if;
end
"""
    return f"do {dollar_quoted(body)}"


def _drop_trigger(plan: Plan, trigger: Trigger) -> str:
    relation = _in(plan, trigger.table)
    return f"""
begin
  if pg_catalog.to_regclass({literal(relation)}) is not null then
    drop trigger if exists {quoted(trigger.name)} on {relation};
  end if;
end
"""
