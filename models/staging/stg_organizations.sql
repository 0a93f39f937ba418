with source as (

    select
        id,
        tenant_id,
        name,
        plan,
        created_at
    from {{ source('raw', 'raw_organization') }}

)

select
    id as organization_id,
    tenant_id,
    name as organization_name,
    plan,
    cast(created_at as timestamp) as created_at
from source
