"""A small project whose raw tables are made by hand."""

from __future__ import annotations

from pathlib import Path

PROJECT = {
    "dbt_project.yml": """\
name: shop
version: "1.0.0"
config-version: 2
profile: shop
flags: {send_anonymous_usage_stats: false}
models:
  shop: {+materialized: view, marts: {+materialized: table}}
""",
    "profiles.yml": """\
shop:
  target: dev
  outputs: {dev: {type: duckdb, path: shop.duckdb, threads: 1}}
""",
    "models/sources.yml": """\
sources:
  - name: raw
    schema: main
    tables:
      - name: people
        config: {tags: [pii]}
        columns:
          - {name: id, config: {meta: {pii: false}}}
          - {name: email, config: {tags: [pii], meta: {pii: true, pii_type: email}}}
          - {name: born, config: {tags: [pii], meta: {pii: true, pii_type: birth_date}}}
          - {name: document, config: {tags: [pii], meta: {pii: true, pii_keys: [phone]}}}
          - {name: city, config: {meta: {pii: false}}}
      - name: salts
        columns:
          - {name: salt, config: {meta: {secret: true}}}
""",
    "models/staging/stg_people.sql": """\
{{ config(tags=['pii']) }}
select id, email, born, city, document,
    sha256(lower(email) || (select salt from {{ source('raw', 'salts') }})) as email_hash
from {{ source('raw', 'people') }}
""",
    "models/marts/safe/cities.sql": """\
select city, count(*) as people, count(distinct email) as addresses, avg(year(born)) as born
from {{ ref('stg_people') }} group by city
""",
    "models/marts/safe/hashes.sql": """\
select id, email_hash, current_timestamp as loaded_at from {{ ref('stg_people') }}
""",
    "pii_lint.yml": """\
version: 1
zones: {safe: {paths: [models/marts/safe]}}
""",
}


def dbt(folder: Path, *words: str) -> None:
    from contextlib import chdir

    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    with chdir(folder):
        result = dbtRunner().invoke(["--quiet", "--log-level", "none", *words])
    DuckDBConnectionManager.close_all_connections()
    assert result.success, result.exception
