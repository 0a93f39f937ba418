with orders as (

    select
        order_id,
        organization_id,
        customer_id,
        ordered_at,
        order_status,
        amount_cents,
        currency
    from {{ ref('stg_orders') }}

),

customers as (

    select
        customer_id,
        country
    from {{ ref('stg_customers') }}

),

organizations as (

    select
        organization_id,
        organization_name
    from {{ ref('stg_organizations') }}

)

select
    orders.order_id,
    orders.customer_id,
    orders.organization_id,
    organizations.organization_name,
    customers.country,
    orders.ordered_at,
    cast(orders.ordered_at as date) as order_date,
    orders.order_status,
    cast(orders.amount_cents / 100.0 as decimal(18, 2)) as amount,
    orders.currency,
    -- Spark counts rows in a smaller integer
    cast(row_number() over (
        partition by orders.customer_id
        order by orders.ordered_at, orders.order_id
    ) as bigint) as customer_order_index
from orders
left join customers
    on orders.customer_id = customers.customer_id
left join organizations
    on orders.organization_id = organizations.organization_id
