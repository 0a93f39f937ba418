with appointments as (

    select
        organization_id,
        week_start,
        is_completed,
        is_canceled,
        is_no_show
    from {{ ref('int_appointment_lifecycle') }}

),

counted as (

    select
        organization_id,
        week_start,
        count(*) as scheduled,
        count(case when is_completed then 1 end) as completed,
        count(case when is_canceled then 1 end) as canceled,
        count(case when is_no_show then 1 end) as no_show
    from appointments
    group by organization_id, week_start

)

select
    organization_id,
    week_start,
    scheduled,
    completed,
    canceled,
    no_show,
    cast(round(completed * 1.0 / nullif(scheduled, 0), 3) as decimal(6, 3)) as completion_rate
from counted
