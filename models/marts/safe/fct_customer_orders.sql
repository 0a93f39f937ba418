with orders as (

    select
        order_id,
        customer_id,
        organization_id,
        organization_name,
        country,
        ordered_at,
        order_date,
        order_status,
        amount,
        currency,
        customer_order_index
    from {{ ref('int_customer_orders') }}

)

select
    order_id,
    customer_id,
    organization_id,
    organization_name,
    country,
    ordered_at,
    order_date,
    order_status,
    amount,
    currency,
    customer_order_index
from orders
