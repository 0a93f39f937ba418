with users as (

    -- the names come straight from raw, on purpose: this mart is for people who may see them
    select
        id as user_id,
        first_name,
        last_name
    from {{ source('raw', 'raw_user') }}

),

events as (

    select
        user_id,
        count(*) as total_events,
        max(event_at) as last_active_at
    from {{ ref('int_events_enriched') }}
    group by user_id

),

appointments as (

    select
        provider_id,
        count(*) as appointments_managed
    from {{ ref('int_appointment_lifecycle') }}
    group by provider_id

)

select
    users.user_id,
    users.first_name,
    users.last_name,
    coalesce(events.total_events, 0) as total_events,
    events.last_active_at,
    coalesce(appointments.appointments_managed, 0) as appointments_managed
from users
left join events
    on users.user_id = events.user_id
left join appointments
    on users.user_id = appointments.provider_id
