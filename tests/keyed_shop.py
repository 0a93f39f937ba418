"""A small project whose pseudonyms hang on the salt, for DuckDB and PostgreSQL."""

from __future__ import annotations

from contextlib import chdir
from pathlib import Path

from pii_lint.cli import main
from tests.warehouse import REPOSITORY, Warehouse

FILES = {
    "dbt_project.yml": """\
name: shop
profile: shop
flags: {send_anonymous_usage_stats: false}
on-run-start: "{{ pii_lint.check_pii_salt() }}"
models:
  shop: {staging: {+materialized: view}, marts: {+materialized: table, +schema: marts}}
""",
    "packages.yml": f"packages: [{{local: {REPOSITORY / 'dbt_package'}}}]\n",
    "macros/generate_schema_name.sql": """\
{% macro generate_schema_name(custom_schema_name, node) %}
{{- custom_schema_name or target.schema -}}
{% endmacro %}
""",
    "models/sources.yml": """\
sources:
  - name: raw
    schema: raw
    tables:
      - name: people
        config: {tags: [pii]}
        columns:
          - {name: id, config: {meta: {pii: false}}}
          - {name: email, config: {tags: [pii], meta: {pii: true, pii_type: email}}}
          - {name: joined, config: {meta: {pii: false}}}
""",
    "models/staging/stg_people.sql": """\
select id, joined, {{ pii_lint.hash_pii('email') }} as email_hash
from {{ source('raw', 'people') }}
""",
    "models/marts/safe/people.sql": """\
select id, coalesce(email_hash, 'nobody') as email_hash, left(email_hash, 12) as code
from {{ ref('stg_people') }}
""",
    # it adds rows, and looks at none that it has
    "models/marts/safe/visits.sql": """\
{{ config(materialized='incremental') }}
select id, joined, email_hash from {{ ref('stg_people') }}
{% if is_incremental() %}
where joined > (select max(joined) from {{ this }})
{% endif %}
""",
    "models/marts/safe/wards.sql": """\
select joined, count(*) as people, {{ pii_lint.hash_pii("'ward'") }} as ward
from {{ ref('visits') }} group by joined
""",
    # it reads no salt; its folder is called as a model is
    "models/marts/safe/people/days.sql": """\
{{ config(materialized='incremental') }}
select distinct joined from {{ source('raw', 'people') }}
{% if is_incremental() %}
where joined > (select max(joined) from {{ this }})
{% endif %}
""",
    "pii_lint.yml": "version: 1\nzones: {safe: {paths: [models/marts/safe]}}\n",
}
RAW = """
create schema raw;
create table raw.people as
select
    i as id,
    case when i < 29 then 'p' || cast(i as varchar) || '@mail.example' end as email,
    i % 3 as joined
from generate_series(0, 29) as given(i);
"""
MORE = "insert into raw.people values (30, 'late@mail.example', 7)"
HASHES = (
    "select email_hash from marts.people union select email_hash from marts.visits "
    "union select ward from marts.wards"
)


def project(folder: Path, profile: str, **files: str) -> Warehouse:
    """The project, parsed; `profile` is the only output of its profile."""
    told = {**FILES, "profiles.yml": f"shop: {{outputs: {{default: {profile}}}}}\n", **files}
    for name, text in told.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    shop = Warehouse(folder)
    assert shop.run(["deps", "--quiet"]).success
    return shop


def pii_lint(shop: Warehouse, *words: str) -> int:
    """One command, typed in the project's folder."""
    with chdir(shop.project_dir):
        return main([*words])
