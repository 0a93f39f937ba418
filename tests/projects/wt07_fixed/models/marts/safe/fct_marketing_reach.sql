with active_customers as (

    select customer_id, min(ordered_at) as first_ordered_at
    from {{ ref('stg_orders') }}
    group by customer_id

)

select
    customers.customer_id,
    customers.country,
    active_customers.first_ordered_at is not null as has_ordered
from {{ ref('stg_customers') }} as customers
left join active_customers on customers.customer_id = active_customers.customer_id
where customers.marketing_opt_in
