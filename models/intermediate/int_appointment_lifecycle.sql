with appointments as (

    select
        appointment_id,
        organization_id,
        provider_id,
        scheduled_at,
        status,
        created_at,
        updated_at
    from {{ ref('stg_appointments') }}

)

select
    appointment_id,
    organization_id,
    provider_id,
    scheduled_at,
    {{ monday_of('scheduled_at') }} as week_start,
    status,
    status = 'completed' as is_completed,
    status = 'canceled' as is_canceled,
    status = 'no_show' as is_no_show,
    created_at as booked_at,
    case when status <> 'scheduled' then updated_at end as settled_at
from appointments
