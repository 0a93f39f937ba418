"""A small project in which a person stands in every kind of table; for DuckDB and PostgreSQL."""

from __future__ import annotations

from pathlib import Path

EMAIL, NAME, PHONE = "septima.siebenstern@example.org", "Septima Siebenstern", "+49305557777"
SALT = "5a" * 32
"""For throwaway data."""

PROJECT = {
    "dbt_project.yml": """\
name: people
version: "1.0.0"
config-version: 2
profile: people
flags: {send_anonymous_usage_stats: false}
models: {people: {+materialized: table}}
""",
    "models/sources.yml": """\
sources:
  - name: raw
    schema: raw
    tables:
      - name: people
        config: {tags: [pii], meta: {pii_lint_subject: {found_by: email}}}
        columns:
          - {name: id, data_tests: [unique], config: {meta: {pii: false}}}
          - {name: email, config: {tags: [pii], meta: {pii: true, pii_type: email}}}
          - {name: full_name, config: {tags: [pii], meta: {pii: true, pii_type: full_name}}}
          - {name: city, config: {tags: [pii], meta: {pii: true, pii_type: address}}}
          - {name: plan, config: {meta: {pii: false}}}
      - name: orders
        config: {meta: {pii_lint_subject: {by: person_id, on_forget: blank}}}
        columns:
          - {name: number, config: {meta: {pii: false}}}
          - name: person_id
            data_tests: [{relationships: {arguments: {to: "source('raw', 'people')", field: id}}}]
            config: {meta: {pii: false}}
          - {name: amount, config: {meta: {pii: false}}}
      - name: visits
        config: {meta: {pii_lint_subject: {by: {column: person_id, to: people.id}}}}
        columns:
          - {name: person_id, config: {meta: {pii: false}}}
          - {name: seen, config: {meta: {pii: false}}}
      - name: hooks
        config:
          tags: [pii]
          meta:
            pii_lint_subject:
              by: {column: payload, path: order.number, to: raw.orders.number}
              documents: payload
              on_forget: blank
              keep_keys: [kind]
        columns:
          - {name: id, config: {meta: {pii: false}}}
          - {name: payload, config: {tags: [pii], meta: {pii: true, pii_keys: [phone]}}}
      - name: odd
        identifier: 'odd "% ?'
        config:
          meta:
            pii_lint_subject:
              by: {column: 'whose %s "?', to: people.id}
              on_forget: blank
              blank: ['a {note}', 'whose %s "?']
        columns:
          - {name: 'whose %s "?', config: {meta: {pii: false}}}
          - {name: 'a {note}', config: {meta: {pii: false}}}
      - name: invoices
        config: {tags: [pii], meta: {pii_lint_subject: {keep: kept for ten years by law}}}
        columns:
          - {name: holder, config: {tags: [pii], meta: {pii: true, pii_type: full_name}}}
  - name: pii_secrets
    schema: pii_secrets
    tables: [{name: pii_salt, columns: [{name: salt, config: {meta: {secret: true}}}]}]
""",
    "models/staging/stg_people.sql": """\
{{ config(materialized='view') }}
select id, plan, {{ digest('email') }} as email_hash from {{ source('raw', 'people') }}
""",
    "macros/digest.sql": """\
{% macro digest(column) %}
{%- set salted = column ~ " || (select salt from " ~ source('pii_secrets', 'pii_salt') ~ ")" -%}
{{ "encode(sha256(convert_to(" ~ salted ~ ", 'UTF8')), 'hex')" if target.type == 'postgres'
   else "sha256(" ~ salted ~ ")" }}
{%- endmacro %}
""",
    "models/marts/safe/revenue.sql": """\
select sum(amount) as amount from {{ source('raw', 'orders') }}
""",
    "models/marts/safe/reach.sql": "select email_hash, plan from {{ ref('stg_people') }}",
    "models/marts/restricted/contacts.sql": """\
select id as person_id, email, full_name from {{ source('raw', 'people') }}
""",
    "models/visits_kept.sql": """\
{{ config(materialized='incremental', unique_key='seen') }}
select person_id, seen from {{ source('raw', 'visits') }}
{% if is_incremental() %} where seen > (select max(seen) from {{ this }}) {% endif %}
""",
    "models/exposures.yml": """\
exposures:
  - name: newsletter
    type: application
    owner: {name: Growth, email: growth@example.com}
    depends_on: [ref('reach')]
    config: {meta: {vendor: Mailer}}
""",
    "snapshots/plans.sql": """\
{% snapshot plans %}
{{ config(unique_key='id', strategy='check', check_cols=['plan']) }}
select id, plan from {{ source('raw', 'people') }}
{% endsnapshot %}
""",
    "pii_lint.yml": """\
version: 1
roles: {confidential: [rights_office], restricted: [rights_office]}
""",
}

RAW = f"""
create schema raw;
create table raw.people as select i as id, 'p' || i || '@example.org' as email,
  'Person Number ' || i as full_name, 'Musterstadt' as city, 'basic' as plan
  from generate_series(1, 40) as t(i);
update raw.people set email = '{EMAIL}', full_name = '{NAME}' where id = 7;
create table raw.orders as select 'A-' || (100 + i) as number, i as person_id, 10 * i as amount
  from generate_series(1, 40) as t(i);
create table raw.visits as select 1 + i % 40 as person_id, i as seen
  from generate_series(1, 80) as t(i);
create table raw.hooks (id int, payload json);
insert into raw.hooks values
  (1, '{{"kind": "paid", "order": {{"number": "A-107"}}, "who": "S. Siebenstern",
         "phone": "{PHONE}"}}'),
  (2, '{{"kind": "asked", "text": "write to {EMAIL.upper()}, please"}}'),
  (3, '{{"kind": "paid", "order": {{"number": "A-108"}}, "phone": "+49305558888"}}');
create table raw."odd ""% ?" ("whose %s ""?" int, "a {{note}}" text not null);
insert into raw."odd ""% ?" values (7, 'Septima''s note'), (8, 'p8 %');
create table raw.invoices as select '{NAME}' as holder;
create schema pii_secrets;
create table pii_secrets.pii_salt as select '{SALT}' as salt;
"""


def make(folder: Path, profile: str) -> None:
    """Write the project."""
    for name, text in {**PROJECT, "profiles.yml": profile}.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
