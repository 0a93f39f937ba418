{{
    config(
        materialized='incremental',
        unique_key='event_id',
        on_schema_change='sync_all_columns',
        incremental_strategy={'spark': 'insert_overwrite', 'trino': 'merge'}.get(target.type),
        partition_by='event_date' if target.type == 'spark' else none
    )
}}

with events as (

    select
        event_id,
        event_at,
        event_type,
        user_id,
        organization_id,
        metadata_page,
        metadata_platform,
        metadata_duration_ms
    from {{ ref('stg_events') }}
    {% if is_incremental() %}
    -- three days back, for events that arrive late; whole days, which Spark replaces as partitions
    where event_at >= (
        select {{ dbt.date_trunc('day', days_before("coalesce(max(event_at), cast('1970-01-04' as timestamp))", 3)) }}
        from {{ this }}
    )
    {% endif %}

),

organizations as (

    select
        organization_id,
        organization_name
    from {{ ref('stg_organizations') }}

)

select
    events.event_id,
    events.event_at,
    cast(events.event_at as date) as event_date,
    events.event_type,
    events.user_id,
    events.organization_id,
    organizations.organization_name,
    events.metadata_page,
    events.metadata_platform,
    events.metadata_duration_ms
from events
left join organizations
    on events.organization_id = organizations.organization_id
