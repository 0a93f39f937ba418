    with batch as materialized (
      select r.{{record_key}}::pg_catalog.uuid as record_id, r.{{column}}::pg_catalog.jsonb as payload
      from {{schema}}.{{table}} as r
      where spot.last_record_id is null or r.{{record_key}} > spot.last_record_id
      order by r.{{record_key}} limit batch_size
    ), contaminated as materialized (
      select batch.record_id, listed.detected_key
      from batch
      cross join lateral pg_catalog.unnest({{schema}}.{{list}}(batch.payload)) as listed (detected_key)
      where batch.payload is not null and {{schema}}.{{detect}}(batch.payload)
    ), filed as (
      insert into {{schema}}.{{findings}}
        (table_name, column_name, record_id, detected_key, sample_snippet)
      select {{table_text}}, {{column_text}}, record_id, detected_key, {{notice}} from contaminated
      on conflict do nothing
      returning 1
    )
    select
      (select batch.record_id from batch order by batch.record_id desc limit 1),
      (select pg_catalog.count(*) from batch),
      (select pg_catalog.count(*) from contaminated),
      (select pg_catalog.count(*) from filed)
      into last_seen, rows_seen, hits, fresh;
