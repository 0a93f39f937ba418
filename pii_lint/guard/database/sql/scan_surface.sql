  with contaminated as materialized (
    select r.{{record_key}}::pg_catalog.uuid as record_id, listed.detected_key
    from {{schema}}.{{table}} as r
    cross join lateral pg_catalog.unnest(
      {{schema}}.{{list}}(r.{{column}}::pg_catalog.jsonb)
    ) as listed (detected_key)
    where r.{{column}} is not null and {{schema}}.{{detect}}(r.{{column}}::pg_catalog.jsonb)
  ), filed as (
    insert into {{schema}}.{{findings}}
      (table_name, column_name, record_id, detected_key, sample_snippet)
    select {{table_text}}, {{column_text}}, record_id, detected_key, {{notice}} from contaminated
    on conflict do nothing
    returning 1
  )
  select
    (select pg_catalog.count(*) from contaminated),
    (select pg_catalog.count(*) from filed),
    (select pg_catalog.count(*) from {{schema}}.{{table}})
    into hits, fresh, rows_seen;
  total := total + hits;
  filed_now := filed_now + fresh;
  looked_at := looked_at + rows_seen;
