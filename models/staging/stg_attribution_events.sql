with source as (

    select
        id,
        tenant_id,
        occurred_at,
        raw_payload
    from {{ source('raw', 'raw_attribution_events') }}

)

select
    id as attribution_event_id,
    tenant_id,
    cast(occurred_at as timestamp) as touched_at,
    {{ pii_lint.json_text('raw_payload', 'sender') }} as sender,
    {{ pii_lint.json_text('raw_payload', 'order_number') }} as order_number,
    {{ pii_lint.json_text('raw_payload', 'utm_source') }} as channel,
    {{ pii_lint.json_text('raw_payload', 'utm_campaign') }} as campaign
from source
