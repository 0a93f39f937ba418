with source as (

    select
        id,
        tenant_id,
        occurred_at,
        error_code,
        error_detail,
        raw_payload
    from {{ source('raw', 'raw_dead_events') }}

)

select
    id as dead_event_id,
    tenant_id,
    cast(occurred_at as timestamp) as refused_at,
    error_code,
    {{ pii_lint.json_text('error_detail', 'field') }} as refused_field,
    {{ pii_lint.json_text('error_detail', 'pattern') }} as refused_pattern,
    {{ pii_lint.json_text('raw_payload', 'sender') }} as sender
from source
