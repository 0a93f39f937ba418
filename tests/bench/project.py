"""A warehouse of N models, made up without dbt: the same for the same numbers on every machine.

It consists of business domains of twenty models each: six staging, eight intermediate, six marts. Of
the domains, the share asked for lies between labels and sinks; of the others, three in four hold no
personal data, and the fourth holds it and ends in restricted marts only.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Literal

import yaml

from tests.bench import queries
from tests.bench.relations import PLAIN, Column, Relation, shared

Sort = Literal["personal", "neutral", "restricted"]
STAGING, INTERMEDIATE, MARTS = 6, 8, 6
A_DOMAIN = STAGING + INTERMEDIATE + MARTS
LEAKS_EVERY = 4
# of the personal domains, so many apart, one forgets to mask a table
A_FOREIGNER = 0.3
# how often a query reads from another domain


@dataclass(frozen=True, slots=True)
class Model:
    """A model's template and what it gives."""

    name: str
    layer: str
    folder: str
    domain: str
    sort: Sort
    template: str
    columns: tuple[Column, ...]
    ups: tuple[Relation, ...]
    masked: bool = False
    incremental: bool = False

    @property
    def tags(self) -> list[str]:
        """The tag `pii` where the columns' names say that something readable is left."""
        left = (column.personal or column.name.endswith("_domain") for column in self.columns)
        return ["pii"] if any(left) else []


@dataclass(frozen=True, slots=True)
class Warehouse:
    """Raw tables by domain, and the models in an order in which they could be built."""

    sources: dict[str, list[Relation]] = field(default_factory=dict)
    models: list[Model] = field(default_factory=list)


def warehouse(models: int, relevant: float = 1.0) -> Warehouse:
    """`models` of them, of which the share `relevant` lies between a label and a sink."""
    made = Warehouse()
    kin: dict[Sort, list[Relation]] = {}
    domains = -(-models // A_DOMAIN)
    for number in range(domains):
        sort = _sort(number, domains, relevant)
        _domain(made, number, sort, kin)
    del made.models[models:]
    return made


def _sort(number: int, domains: int, relevant: float) -> Sort:
    if number < round(domains * relevant):
        return "personal"
    return "restricted" if number % 4 == 3 else "neutral"


def _domain(made: Warehouse, number: int, sort: Sort, kin: dict[Sort, list[Relation]]) -> None:
    rng = random.Random(number)
    domain = f"d{number:03}"
    staged: list[Relation] = []
    tables = _tables(domain, sort)
    made.sources[domain] = list(tables.values())
    for place, (entity, source) in enumerate(tables.items()):
        forgotten = sort == "personal" and number % LEAKS_EVERY == 0 and place == STAGING - 1
        keep = sort == "restricted" or forgotten
        made_up = queries.staging(rng, entity.removesuffix("s"), source, keep=keep)
        masked = any(column.personal for column in source.columns) and not keep
        staged.append(
            _add(made, f"stg_{domain}_{entity}", "staging", domain, sort, made_up, [source], masked)
        )
    abroad = kin.get(sort, [])
    built: list[Relation] = []
    unread = list(staged)
    for place, build in enumerate(queries.INTERMEDIATE):
        ups = _choose(rng, unread, [*staged, *built], abroad)
        name = f"int_{domain}_{place}_{build.__name__}"
        relation = _add(made, name, "intermediate", domain, sort, build(rng, ups), ups)
        built.append(relation)
        unread = [*_unread(made, unread), relation]
    folder = "restricted" if sort == "restricted" else "safe"
    for place, build in enumerate(queries.MARTS):
        ups = _choose(rng, unread, [*built, *staged], abroad)
        if place == MARTS - 1:
            ups += [up for up in unread if up not in ups]
        name = f"mart_{domain}_{place}_{build.__name__}"
        _add(made, name, f"marts/{folder}", domain, sort, build(rng, ups), ups)
        unread = _unread(made, unread)
    kin[sort] = staged[:2] + built[:1]


def _unread(made: Warehouse, before: Sequence[Relation]) -> list[Relation]:
    """Those of `before` that the newest model doesn't read either."""
    return [up for up in before if up not in made.models[-1].ups]


def _choose(
    rng: random.Random,
    unread: Sequence[Relation],
    pool: Sequence[Relation],
    abroad: Sequence[Relation],
) -> list[Relation]:
    """Three inputs that a query can be made of, those that nothing has read yet first."""
    base, *rest = (up for up in [*unread, *pool[::-1]] if _fits(up))
    partners = {up.name: up for up in rest if up.name != base.name and shared([base, up])}
    chosen = list(partners.values())[:2]
    foreign = [up for up in abroad if shared([base, up])]
    if foreign and len(chosen) > 1 and rng.random() < A_FOREIGNER:
        chosen[1] = rng.choice(foreign)
    return [base, *chosen]


def _fits(up: Relation) -> bool:
    needed = (("time",), ("amount", "count"), ("code", "text"), ("key", "link"))
    return all(up.of(*types) for types in needed)


def _add(
    made: Warehouse,
    name: str,
    folder: str,
    domain: str,
    sort: Sort,
    query: queries.Query,
    ups: Sequence[Relation],
    masked: bool = False,
) -> Relation:
    template, columns = query
    read = tuple(up for up in ups if up.ref in template)
    layer = folder.partition("/")[0]
    made.models.append(
        Model(
            name,
            layer,
            f"models/{folder}/{domain}",
            domain,
            sort,
            template,
            columns,
            read,
            masked,
            "materialized='incremental'" in template,
        )
    )
    return Relation(name, f"{{{{ ref('{name}') }}}}", columns)


def _tables(domain: str, sort: Sort) -> dict[str, Relation]:
    content = _content()
    neutral = content["neutral"] if sort == "neutral" else {}
    return {
        entity: Relation(
            f"{entity}",
            f"{{{{ source('{domain}', '{entity}') }}}}",
            tuple(
                Column(neutral[name], "text")
                if name in neutral and type_ not in PLAIN
                else Column(name, type_)
                for name, type_ in columns.items()
            ),
        )
        for entity, columns in content["tables"].items()
    }


@cache
def _content() -> dict[str, dict[str, dict[str, str]]]:
    content: dict[str, dict[str, dict[str, str]]] = yaml.safe_load(
        Path(__file__).with_name("tables.yml").read_text("utf-8")
    )
    return content
