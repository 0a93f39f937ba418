"""The templates of models, written the way warehouses write them: import CTEs first, one step a CTE,
`select * from final` last."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence

from tests.bench.relations import Column, Relation, pick, shared, some

Query = tuple[str, tuple[Column, ...]]
"""A template and the columns that it gives."""
Items = list[tuple[str, Column]]
"""A select list: each expression with the column that it gives."""

CODES = ("open", "paid", "sent", "held", "done", "lost", "web", "app", "desk", "other")


def staging(rng: random.Random, entity: str, source: Relation, *, keep: bool) -> Query:
    """Rename, cast, clean and mask one raw table; `keep` leaves personal columns readable."""
    items: Items = []
    for column in source.columns:
        if column.type == "key":
            items.append((column.name, Column(f"{entity}_id", "key")))
        elif not column.personal:
            items.append((_cleaned(rng, column), column))
        elif keep:
            shown = column.name if column.type == "birth_date" else f"trim({column.name})"
            items.append((shown, column))
        else:
            items.append((f"{{{{ hash_pii('{column.name}') }}}}", _digest(column)))
            if column.type == "email":
                domain = f"lower(split_part({column.name}, '@', 2))"
                items.append((domain, Column(f"{column.name}_domain", "text")))
    key = f"{entity}_id"
    steps = [
        ("source", f"select * from {source.ref}"),
        ("renamed", _select(items, ["from source", "where loaded_at is not null"])),
        (
            "final",
            "select * from renamed\nqualify row_number() over (\n"
            f"    partition by {key}\n    order by updated_at desc, loaded_at desc\n) = 1",
        ),
    ]
    return _query("view", steps), tuple(column for _, column in items)


def joined(rng: random.Random, ups: Sequence[Relation]) -> Query:
    """Two relations side by side, with a few computed columns."""
    left, right = ups[:2]
    on = shared([left, right])[:2]
    items = _same(pick(rng, left, 20), "lhs")
    taken = {column.name for _, column in items} | set(on)
    items += _same(some(rng, (c for c in right.columns if c.name not in taken), 9), "rhs")
    items += _computed(rng, left, "lhs", 3, items)
    condition = " and ".join(f"lhs.{name} = rhs.{name}" for name in on)
    steps = [
        *_imports(left, right),
        (
            "joined",
            _select(
                items,
                [
                    f"from {left.name} as lhs",
                    f"left join {right.name} as rhs",
                    f"    on {condition}",
                ],
            ),
        ),
        ("final", _select(_same(c for _, c in items), ["from joined"])),
    ]
    return _query("view", steps), _columns(items)


def ranked(rng: random.Random, ups: Sequence[Relation]) -> Query:
    """Windows over one relation, the newest row kept."""
    up = ups[0]
    columns = pick(rng, up, 22)
    link = rng.choice(up.of("link", "key")).name
    time = rng.choice([column for column in columns if column.type == "time"]).name
    items = _same(columns)
    over = f"over (partition by {link} order by {time})"
    running = "rows between unbounded preceding and current row"
    for column in some(rng, up.of("amount", "count"), 3):
        items += [
            (f"lag({column.name}) {over}", Column(f"previous_{column.name}", "amount")),
            (
                f"sum({column.name}) over (\n    partition by {link}\n    order by {time}\n    {running}\n)",
                Column(f"running_{column.name}", "amount"),
            ),
        ]
    items.append(
        (
            f"row_number() over (\n    partition by {link}\n    order by {time} desc\n)",
            Column("recency", "count"),
        )
    )
    steps = [
        *_imports(up),
        ("ranked", _select(items, [f"from {up.name}", f"qualify dense_rank() {over} <= 100"])),
        (
            "final",
            _select(_same(c for _, c in items), ["from ranked", f"where {time} is not null"]),
        ),
    ]
    return _query("table", steps), _columns(items)


def unioned(rng: random.Random, ups: Sequence[Relation]) -> Query:
    """The same columns of several relations, one below the other."""
    wanted = [*pick(rng, ups[0], 18)]
    key = ups[0].key
    branches: list[str] = []
    given: list[Column] = [
        Column("origin_id", "key"),
        Column("origin", "code"),
        *(c for c in wanted if c.name != key),
    ]
    for up in ups[:3]:
        by_type = {c.name: c for c in up.columns}
        items: Items = [(up.key, given[0]), (f"'{up.name}'", given[1])]
        for column in given[2:]:
            like = [c for c in up.of(column.type) if c.name != up.key] or [
                Column(f"cast(null as {column.data_type})", "")
            ]
            source = by_type.get(column.name) or rng.choice(like)
            items.append((source.name, column))
        branches.append(_select(items, [f"from {up.name}"]))
    steps = [
        *_imports(*ups[:3]),
        ("unioned", "\n\nunion all\n\n".join(branches)),
        ("final", _select(_same(given), ["from unioned", "where origin_id is not null"])),
    ]
    return _query("view", steps), tuple(given)


def aggregated(rng: random.Random, ups: Sequence[Relation]) -> Query:
    """One row a key: counts, sums, firsts and lasts."""
    up = ups[0]
    link = rng.choice(up.of("link", "key"))
    key = Column(link.name, "key")
    groups: Items = [(link.name, key)]
    items: Items = [("count(*)", Column("row_count", "count"))]
    for column in some(rng, up.of("link"), 2):
        if column != link:
            items.append(
                (f"count(distinct {column.name})", Column(f"{column.name}_count", "count"))
            )
    for column in some(rng, up.of("amount", "count"), 7):
        items += [
            (f"sum({column.name})", Column(f"total_{column.name}", "amount")),
            (f"avg({column.name})", Column(f"average_{column.name}", "amount")),
        ]
    for column in some(rng, up.of("code"), 2):
        for code in rng.sample(CODES, 2):
            test = f"count(*) filter (where {column.name} = '{code}')"
            items.append((test, Column(f"{code}_{column.name}_count", "count")))
    for column in some(rng, up.of("flag"), 2):
        items.append(
            (
                f"sum(case when {column.name} then 1 else 0 end)",
                Column(f"{column.name}_count", "count"),
            )
        )
    for column in some(rng, up.of("time"), 3):
        items += [
            (f"min({column.name})", Column(f"first_{column.name}", "time")),
            (f"max({column.name})", Column(f"last_{column.name}", "time")),
        ]
    for column in [*some(rng, up.of("digest", "text"), 2), *some(rng, up.of("code"), 1)]:
        items.append((f"any_value({column.name})", column))
    steps = [
        *_imports(up),
        ("aggregated", _select(groups + items, [f"from {up.name}", f"group by {link.name}"])),
        (
            "final",
            _select(
                _same(c for _, c in groups + items), ["from aggregated", "where row_count > 0"]
            ),
        ),
    ]
    return _query("table", steps), _columns(groups + items)


def incremental(rng: random.Random, ups: Sequence[Relation]) -> Query:
    """What came since the last run, enriched by a lookup."""
    up, other = ups[:2]
    time = next((c.name for c in up.of("time") if c.name == "updated_at"), up.of("time")[0].name)
    on = shared([up, other])[0]
    columns = pick(rng, up, 22)
    if time not in {c.name for c in columns}:
        columns.append(Column(time, "time"))
    items = _same(columns, "fresh")
    names = {column.name for column in columns}
    extra = [c for c in some(rng, other.columns, 6) if c.name not in names and c.name != on]
    items += [(f"looked_up.{c.name}", c) for c in extra]
    items += _computed(rng, up, "fresh", 2, items)
    lookup = _select(
        _same([Column(on, "link"), *extra]), [f"from {other.name}", f"where {on} is not null"]
    )
    since = (
        f"select * from {up.name}\n\n{{% if is_incremental() %}}\n\n"
        f"where {time} > (select max({time}) from {{{{ this }}}})\n\n{{% endif %}}"
    )
    steps = [
        *_imports(up, other),
        ("fresh", since),
        ("looked_up", lookup),
        (
            "final",
            _select(
                items, ["from fresh", "left join looked_up", f"    on fresh.{on} = looked_up.{on}"]
            ),
        ),
    ]
    return _query("incremental", steps, f"unique_key='{up.key}'"), _columns(items)


def sessionised(rng: random.Random, ups: Sequence[Relation]) -> Query:
    """Rows of one key cut into stretches wherever there was a pause."""
    up = ups[0]
    link = rng.choice(up.of("link", "key")).name
    time = rng.choice(up.of("time")).name
    columns = pick(rng, up, 22)
    kept = [c for c in columns if c.name not in (link, time)]
    base = _same([Column(link, "link"), Column(time, "time"), *kept])
    gap: Items = [
        ("*", Column("*", "")),
        (
            f"lag({time}) over (\n    partition by {link}\n    order by {time}\n)",
            Column("previous_at", "time"),
        ),
    ]
    starts: Items = [
        ("*", Column("*", "")),
        (
            f"case\n    when previous_at is null then 1\n    when {time} - previous_at > interval 30 minute then 1\n    else 0\nend",
            Column("is_start", "count"),
        ),
    ]
    numbered: Items = [
        ("*", Column("*", "")),
        (
            f"sum(is_start) over (\n    partition by {link}\n    order by {time}\n    rows between unbounded preceding and current row\n)",
            Column("stretch", "count"),
        ),
    ]
    final: Items = [
        (f"{link} || '-' || cast(stretch as varchar)", Column("stretch_id", "key")),
        *base,
        ("previous_at", Column("previous_at", "time")),
        ("stretch", Column("stretch", "count")),
        (
            f"first_value({time}) over (\n    partition by {link}, stretch\n    order by {time}\n)",
            Column("stretch_started_at", "time"),
        ),
        (
            "count(*) over (\n    partition by " + link + ", stretch\n)",
            Column("stretch_rows", "count"),
        ),
    ]
    steps = [
        *_imports(up),
        ("gaps", _select(base + gap[1:], [f"from {up.name}", f"where {time} is not null"])),
        ("starts", _select(starts, ["from gaps"])),
        ("numbered", _select(numbered, ["from starts"])),
        ("final", _select(final, ["from numbered"])),
    ]
    return _query("table", steps), _columns(final)


def pivoted(rng: random.Random, ups: Sequence[Relation]) -> Query:
    """Codes turned into columns, and joined back to the rows they came from."""
    up = ups[0]
    code, link = rng.choice(up.of("code", "text")).name, rng.choice(up.of("link", "key")).name
    amounts = some(rng, up.of("amount", "count"), 2)
    spread: Items = [(link, Column(link, "link"))]
    for amount in amounts:
        for word in rng.sample(CODES, 5):
            case = f"sum(\n    case when {code} = '{word}' then {amount.name} else 0 end\n)"
            spread.append((case, Column(f"{word}_{amount.name}", "amount")))
    base = [c for c in pick(rng, up, 18) if c.name != link]
    final = [(f"{up.name}.{link}", Column(link, "link")), *_same(base, up.name)]
    final += [(f"coalesce(spread.{c.name}, 0)", c) for _, c in spread[1:]]
    steps = [
        *_imports(up),
        ("spread", _select(spread, [f"from {up.name}", "group by 1"])),
        (
            "final",
            _select(final, [f"from {up.name}", f"inner join spread using ({link})"]).replace(
                f"{up.name}.{link} as {link}", link
            ),
        ),
    ]
    return _query("view", steps), _columns(final)


def fact(rng: random.Random, ups: Sequence[Relation]) -> Query:
    """A fact table: rows of one relation with what two others know of them."""
    base, *others = ups[:3]
    items = _same(pick(rng, base, 15), "base")
    taken = {column.name for _, column in items}
    tail = [f"from {base.name} as base"]
    for place, other in enumerate(others):
        on = shared([base, other])[0]
        fresh = [c for c in other.columns if c.name not in taken and c.name != on]
        chosen = some(rng, fresh, 6)
        items += [(f"side_{place}.{c.name}", c) for c in chosen]
        taken |= {c.name for c in chosen}
        tail += [f"left join {other.name} as side_{place}", f"    on base.{on} = side_{place}.{on}"]
    items += _computed(rng, base, "base", 3, items)
    code = rng.choice(base.of("code", "text", "link")).name
    tail += [f"where base.{code} is not null"]
    steps = [
        *_imports(*ups[:3]),
        ("joined", _select(items, tail)),
        ("final", _select(_same(c for _, c in items), ["from joined"])),
    ]
    return _query("table", steps), _columns(items)


def dimension(rng: random.Random, ups: Sequence[Relation]) -> Query:
    """A dimension: the newest row of each key, and what is counted about it elsewhere."""
    base, other = ups[:2]
    on = shared([base, other])[0]
    columns = [c for c in pick(rng, base, 18) if c.name != on]
    time = rng.choice(base.of("time")).name
    counted: Items = [(on, Column(on, "key")), ("count(*)", Column("use_count", "count"))]
    counted += [
        (f"max({c.name})", Column(f"latest_{c.name}", "time"))
        for c in some(rng, other.of("time"), 2)
    ]
    counted += [
        (f"round(avg({c.name}), 2)", Column(f"mean_{c.name}", "amount"))
        for c in some(rng, other.of("amount", "count"), 3)
    ]
    final: Items = [(f"newest.{on}", Column(on, "key")), *_same(columns, "newest")]
    names = {column.name for column in columns} | {on}
    final += [
        (f"coalesce(counted.{c.name}, null)", c) for _, c in counted[1:] if c.name not in names
    ]
    final.append(
        (
            f"exists (\n    select 1 from {other.name} as seen\n    where seen.{on} = newest.{on}\n)",
            Column("is_used", "flag"),
        )
    )
    steps = [
        *_imports(base, other),
        (
            "newest",
            f"select * from {base.name}\nqualify row_number() over (\n    partition by {on}\n    order by {time} desc\n) = 1",
        ),
        ("counted", _select(counted, [f"from {other.name}", f"group by {on}"])),
        (
            "final",
            _select(
                final, ["from newest", "left join counted", f"    on newest.{on} = counted.{on}"]
            ),
        ),
    ]
    return _query("table", steps), _columns(final)


def daily(rng: random.Random, ups: Sequence[Relation]) -> Query:
    """Numbers a day, days without rows among them."""
    up = ups[0]
    time = rng.choice(up.of("time", "date")).name
    group = some(rng, up.of("code", "text"), 2)
    numbers: Items = [("count(*)", Column("row_count", "count"))]
    for column in some(rng, up.of("amount", "count"), 6):
        numbers += [
            (f"coalesce(sum({column.name}), 0)", Column(f"total_{column.name}", "amount")),
            (f"max({column.name})", Column(f"largest_{column.name}", "amount")),
        ]
    for column in some(rng, up.of("link", "digest"), 3):
        numbers.append(
            (f"count(distinct {column.name})", Column(f"distinct_{column.name}", "count"))
        )
    grouped: Items = [
        (f"cast(date_trunc('day', {time}) as date)", Column("day", "date")),
        *_same(group),
        *numbers,
    ]
    final: Items = [("days.day", Column("day", "date")), *_same(group, "numbers")]
    final += [(f"coalesce(numbers.{c.name}, 0)", c) for _, c in numbers]
    final += [
        (
            f"avg(numbers.{c.name}) over (\n    order by days.day\n    rows between 6 preceding and current row\n)",
            Column(f"week_{c.name}", "amount"),
        )
        for _, c in _some_items(rng, numbers, 5)
    ]
    places = ", ".join(str(place + 1) for place in range(len(group) + 1))
    spine = "select cast(unnest(generate_series(\n    date '2024-01-01', date '2026-12-31', interval 1 day\n)) as date) as day"
    steps = [
        *_imports(up),
        ("days", spine),
        ("numbers", _select(grouped, [f"from {up.name}", f"group by {places}"])),
        (
            "final",
            _select(final, ["from days", "left join numbers", "    on days.day = numbers.day"]),
        ),
    ]
    return _query("table", steps), _columns(final)


def cohort(rng: random.Random, ups: Sequence[Relation]) -> Query:
    """When each key began, and how many of a month's beginners came back."""
    up, other = ups[:2]
    on = shared([up, other])[0]
    time, later = rng.choice(up.of("time")).name, rng.choice(other.of("time")).name
    numbers: Items = [
        (f"count(distinct active.{on})", Column("active_count", "count")),
        (f"min(active.{later})", Column("first_seen_at", "time")),
    ]
    for column in some(rng, other.of("amount", "count"), 7):
        numbers += [
            (f"sum(active.{column.name})", Column(f"total_{column.name}", "amount")),
            (
                f"sum(case when active.{column.name} > 0 then 1 else 0 end)",
                Column(f"positive_{column.name}", "count"),
            ),
        ]
    retained: Items = [
        ("born.born_month", Column("born_month", "date")),
        (f"date_diff('month', born.born_month, active.{later})", Column("month_number", "count")),
        *numbers,
    ]
    final = _same(c for _, c in retained)
    final += [
        (
            f"first_value({c.name}) over (\n    partition by born_month\n    order by month_number\n)",
            Column(f"initial_{c.name}", "amount"),
        )
        for _, c in _some_items(rng, numbers, 5)
    ]
    final += [
        (f"round({c.name} / nullif(active_count, 0), 3)", Column(f"{c.name}_rate", "amount"))
        for _, c in _some_items(rng, numbers[2:], 4)
    ]
    born: Items = [
        (on, Column(on, "key")),
        (f"date_trunc('month', min({time}))", Column("born_month", "date")),
    ]
    steps = [
        *_imports(up, other),
        ("born", _select(born, [f"from {up.name}", f"group by {on}"])),
        (
            "retained",
            _select(
                retained,
                [
                    "from born",
                    f"inner join {other.name} as active",
                    f"    on born.{on} = active.{on}",
                    "group by 1, 2",
                ],
            ),
        ),
        ("final", _select(final, ["from retained", "where month_number >= 0"])),
    ]
    return _query("table", steps), _columns(final)


def report(rng: random.Random, ups: Sequence[Relation]) -> Query:
    """One line a code and measure, of several relations, with their share of the whole."""
    given = [Column("topic", "code"), Column("code", "code"), Column("measure", "code")]
    given += [
        Column(name, "amount") for name in ("row_count", "total", "mean", "least", "most", "spread")
    ]
    branches = []
    for up in ups:
        code = rng.choice(up.of("code", "text", "link")).name
        for number in some(rng, up.of("amount", "count"), 2):
            n = number.name
            expressions = [
                f"'{up.name}'",
                code,
                f"'{n}'",
                "count(*)",
                f"sum({n})",
                f"avg({n})",
                f"min({n})",
                f"max({n})",
                f"stddev({n})",
            ]
            items = list(zip(expressions, given, strict=True))
            branches.append(
                _select(items, [f"from {up.name}", f"group by {code}", "having count(*) >= 5"])
            )
    final = _same(given)
    for column in given[3:]:
        whole = f"sum({column.name}) over (partition by topic, measure)"
        final += [
            (
                f"round({column.name} / nullif({whole}, 0), 4)",
                Column(f"{column.name}_share", "amount"),
            ),
            (
                f"rank() over (\n    partition by topic, measure\n    order by {column.name} desc\n)",
                Column(f"{column.name}_rank", "count"),
            ),
        ]
    steps = [
        *_imports(*ups),
        ("measured", "\n\nunion all\n\n".join(branches)),
        ("final", _select(final, ["from measured"])),
    ]
    return _query("table", steps), _columns(final)


INTERMEDIATE: tuple[Callable[[random.Random, Sequence[Relation]], Query], ...] = (
    joined, ranked, unioned, aggregated, incremental, sessionised, pivoted, joined,
)  # fmt: skip
MARTS: tuple[Callable[[random.Random, Sequence[Relation]], Query], ...] = (
    fact, dimension, daily, cohort, incremental, report,
)  # fmt: skip


def _cleaned(rng: random.Random, column: Column) -> str:
    name = column.name
    match column.type:
        case "amount":
            return rng.choice(
                [
                    f"cast({name} as decimal(18, 2))",
                    f"coalesce({name}, 0)",
                    f"round({name} / 100.0, 2)",
                ]
            )
        case "count":
            return rng.choice([name, f"coalesce({name}, 0)", f"cast({name} as bigint)"])
        case "time":
            return rng.choice([name, f"cast({name} as timestamp)"])
        case "text":
            return rng.choice([name, f"nullif(trim({name}), '')", f"lower({name})"])
        case "flag":
            return rng.choice([name, f"coalesce({name}, false)"])
        case "code":
            words = rng.sample(CODES, 3)
            case = "\n".join(
                f"    when lower({name}) in ('{word}', '{word[0]}') then '{word}'"
                for word in words[:2]
            )
            return rng.choice([name, f"lower({name})", f"case\n{case}\n    else '{words[2]}'\nend"])
        case _:
            return name


def _computed(rng: random.Random, up: Relation, alias: str, count: int, beside: Items) -> Items:
    """Columns that a model makes of its inputs, none of a name that stands there already."""
    taken = {column.name for _, column in beside}
    items: Items = []
    for column in some(rng, up.of("amount", "count", "time", "code", "flag"), count):
        name = f"{alias}.{column.name}"
        if column.type in ("amount", "count"):
            bands = f"    when {name} >= 1000 then 'large'\n    when {name} >= 100 then 'medium'\n    else 'small'"
            made = (f"case\n{bands}\nend", Column(f"{column.name}_band", "code"))
        elif column.type == "time":
            made = (f"date_trunc('week', {name})", Column(f"{column.name}_week", "date"))
        elif column.type == "code":
            made = (f"coalesce({name}, 'none')", Column(f"{column.name}_or_none", "code"))
        else:
            made = (f"{name} is true", Column(f"{column.name}_known", "flag"))
        if made[1].name not in taken:
            items.append(made)
    return items


def _some_items(rng: random.Random, items: Items, count: int) -> Items:
    """At most `count` of them, in their order."""
    kept = {column.name for column in some(rng, (column for _, column in items), count)}
    return [item for item in items if item[1].name in kept]


def _digest(column: Column) -> Column:
    return Column(f"{column.name}_hash", "digest")


def _same(columns: Iterable[Column], alias: str = "") -> Items:
    return [(f"{alias}.{column.name}" if alias else column.name, column) for column in columns]


def _columns(items: Items) -> tuple[Column, ...]:
    return tuple(column for _, column in items)


def _imports(*ups: Relation) -> list[tuple[str, str]]:
    return [(name, f"select * from {ref}") for name, ref in {up.name: up.ref for up in ups}.items()]


def _select(items: Items, tail: Sequence[str]) -> str:
    lines = []
    for expression, column in items:
        bare = expression.rpartition(".")[2] == column.name or expression == column.name
        lines.append(_indented(expression if bare else f"{expression} as {column.name}"))
    return "\n".join(["select", ",\n".join(lines), *tail])


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" if line else line for line in text.split("\n"))


def _query(materialized: str, steps: Sequence[tuple[str, str]], more: str = "") -> str:
    config = f"materialized='{materialized}'" + (f", {more}" if more else "")
    ctes = ",\n\n".join(f"{name} as (\n{_indented(body)}\n)" for name, body in steps)
    return f"{{{{ config({config}) }}}}\n\nwith {ctes}\n\nselect * from final\n"
