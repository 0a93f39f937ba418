with source as (

    select
        id,
        organization_id,
        customer_id,
        order_number,
        ordered_at,
        status,
        amount_cents,
        currency
    from {{ source('raw', 'raw_orders') }}

)

select
    id as order_id,
    organization_id,
    customer_id,
    order_number,
    cast(ordered_at as timestamp) as ordered_at,
    status as order_status,
    amount_cents,
    currency
from source
