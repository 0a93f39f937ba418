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
    unused = list(staged)
    for place, build in enumerate(queries.INTERMEDIATE):
        ups = _choose(rng, build, unused, [*staged, *built], abroad)
        unused = [up for up in unused if up not in ups]
        name = f"int_{domain}_{place}_{build.__name__}"
        relation = _add(made, name, "intermediate", domain, sort, build(rng, ups), ups)
        built.append(relation)
        unused.append(relation)
    folder = "restricted" if sort == "restricted" else "safe"
    for place, build in enumerate(queries.MARTS):
        ups = _choose(rng, build, unused, [*built, *staged], abroad)
        if place == MARTS - 1:
            ups += [up for up in unused if up not in ups]
        unused = [up for up in unused if up not in ups]
        name = f"mart_{domain}_{place}_{build.__name__}"
        _add(made, name, f"marts/{folder}", domain, sort, build(rng, ups), ups)
    kin[sort] = staged[:2] + built[:1]


def _choose(
    rng: random.Random,
    build: object,
    unused: Sequence[Relation],
    pool: Sequence[Relation],
    abroad: Sequence[Relation],
) -> list[Relation]:
    """Three inputs that the query can be made of, those that nothing has read yet first."""
    fit = [up for up in [*unused, *pool[::-1]] if _fits(up)]
    base = fit[0]
    partners = list(
        dict.fromkeys(
            up.name for up in [*fit[1:], *abroad] if up.name != base.name and shared([base, up])
        )
    )
    by_name = {up.name: up for up in [*pool, *abroad, *unused]}
    chosen = partners[:2]
    foreign = [up.name for up in abroad if up.name in partners]
    if foreign and len(chosen) > 1 and rng.random() < 0.3:
        chosen[1] = rng.choice(foreign)
    return [base, *(by_name[name] for name in chosen)]


def _fits(up: Relation) -> bool:
    return all(
        up.of(*types) for types in (("time",), ("amount", "count"), ("code", "text"), ("link",))
    )


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
