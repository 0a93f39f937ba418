with events as (

    select
        event_type,
        event_date,
        user_id
    from {{ ref('int_events_enriched') }}

)

select
    event_type,
    event_date,
    count(*) as event_count,
    count(distinct user_id) as user_count
from events
group by event_type, event_date
