with source as (

    select
        id,
        organization_id,
        provider_id,
        scheduled_at,
        status,
        created_at,
        updated_at
    from {{ source('raw', 'raw_appointment') }}

)

select
    id as appointment_id,
    organization_id,
    provider_id,
    cast(scheduled_at as timestamp) as scheduled_at,
    status,
    cast(created_at as timestamp) as created_at,
    cast(updated_at as timestamp) as updated_at
from source
