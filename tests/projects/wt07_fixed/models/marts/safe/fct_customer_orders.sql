with order_totals as (

    select
        customer_id,
        count(*) as order_count,
        sum(amount) as order_total,
        max(ordered_at) as last_ordered_at
    from {{ ref('stg_orders') }}
    where order_status = 'paid'
    group by customer_id

)

select
    customers.customer_id,
    customers.country,
    coalesce(order_totals.order_count, 0) as order_count,
    coalesce(order_totals.order_total, 0) as order_total,
    order_totals.last_ordered_at
from {{ ref('stg_customers') }} as customers
left join order_totals on customers.customer_id = order_totals.customer_id
