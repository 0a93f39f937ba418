"""Functions: there, to the letter, owned right, and open to those alone who need them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pii_lint.data.payloads import plain_key
from pii_lint.guard.database import names
from pii_lint.guard.database.check._drift import APPLY, Drift, owned
from pii_lint.guard.database.plan import Function, Plan
from pii_lint.guard.database.session import Connection


def functions(plan: Plan, connection: Connection) -> Iterator[Drift]:
    for function in plan.functions:
        where = f"{plan.schema}.{function.name}"
        row = connection.execute(
            """
            select p.prosrc, l.lanname, p.provolatile::text, p.prosecdef,
              coalesce(p.proconfig, '{}'), pg_get_userbyid(p.proowner),
              case p.prokind when 'p' then null else format_type(p.prorettype, null) end,
              obj_description(p.oid, 'pg_proc'),
              exists (
                select from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) as acl
                where acl.grantee = 0 and acl.privilege_type = 'EXECUTE'
              )
            from pg_proc p
            join pg_namespace n on n.oid = p.pronamespace
            join pg_language l on l.oid = p.prolang
            where n.nspname = %s and p.proname = %s
              and pg_get_function_identity_arguments(p.oid) = %s
            """,
            (plan.schema, function.name, function.arguments),
        ).fetchone()
        if row is None:
            yield Drift("function-missing", where, "isn't there", APPLY)
            continue
        body, language, volatility, definer, settings, owner, returns, comment, public = row
        if body != function.body:
            yield _changed_body(plan, function, where, str(body))
        facts = (
            (language == "plpgsql", f"is written in {language}"),
            (str(volatility) == function.volatility[0], "has another volatility"),
            (definer == function.definer, "runs as somebody else"),
            (returns == function.returns, "returns something else"),
            (
                [_plain(each) for each in _list(settings)]
                == [_plain(each) for each in function.settings],
                "has another search_path or other settings",
            ),
            (comment == function.comment, "has another comment or none"),
        )
        for holds, what in facts:
            if not holds:
                yield Drift("function-changed", where, what, APPLY)
        if public and not function.public:
            yield Drift("grant-excess", where, "may be called by everybody", APPLY)
        yield from owned(plan, where, str(owner), "function")


def _changed_body(plan: Plan, function: Function, where: str, body: str) -> Drift:
    listed = re.search(r"plain constant pg_catalog\.text\[\] := array\[([^\]]*)\]", body)
    if function.name == names.LIST and listed is not None:
        there = {plain_key(each) for each in re.findall(r"'([^']*)'", listed[1])}
        wanted = {key.plain: key.name for key in plan.keys}
        lacking = [name for plain, name in wanted.items() if plain not in there]
        beyond = len(there - set(wanted))
        if lacking or beyond:
            said = [f"lacks {', '.join(f'`{each}`' for each in lacking)}"] if lacking else []
            said += [f"holds {beyond} that the registry doesn't"] if beyond else []
            return Drift(
                "blocklist", where, f"has another list of keys; it {' and '.join(said)}", APPLY
            )
    return Drift("function-body", where, "has another body than the registry asks for", APPLY)


def _plain(setting: str) -> str:
    return re.sub(r'[\s"]', "", setting)


def _list(value: object) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else []
