with customers as (

    -- straight from raw, on purpose: support has to reach people
    select
        id as customer_id,
        organization_id,
        full_name,
        email,
        phone,
        street_address,
        postcode,
        country
    from {{ source('raw', 'raw_customers') }}
    where not is_deleted

),

orders as (

    select
        customer_id,
        count(*) as order_count,
        max(ordered_at) as last_ordered_at
    from {{ ref('int_customer_orders') }}
    group by customer_id

)

select
    customers.customer_id,
    customers.organization_id,
    customers.full_name,
    customers.email,
    customers.phone,
    customers.street_address,
    customers.postcode,
    customers.country,
    coalesce(orders.order_count, 0) as order_count,
    orders.last_ordered_at
from customers
left join orders
    on customers.customer_id = orders.customer_id
