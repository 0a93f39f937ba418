with events as (

    select
        organization_id,
        organization_name,
        event_date,
        event_type,
        user_id
    from {{ ref('int_events_enriched') }}

)

select
    organization_id,
    organization_name,
    event_date,
    count(*) as event_count,
    count(case when event_type = 'login' then 1 end) as login_count,
    count(case when event_type = 'appointment_created' then 1 end) as appointment_created_count,
    count(distinct user_id) as active_user_count
from events
group by organization_id, organization_name, event_date
