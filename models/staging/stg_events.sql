with source as (

    select
        id,
        occurred_at,
        event_type,
        user_id,
        organization_id,
        metadata
    from {{ source('raw', 'raw_event') }}

)

select
    id as event_id,
    cast(occurred_at as timestamp) as event_at,
    event_type,
    user_id,
    organization_id,
    -- field by field: the whole document would carry its personal keys on
    {{ pii_lint.json_text('metadata', 'page') }} as metadata_page,
    {{ pii_lint.json_text('metadata', 'platform') }} as metadata_platform,
    cast({{ pii_lint.json_text('metadata', 'duration_ms') }} as bigint) as metadata_duration_ms
from source
