with customers as (

    select * from {{ ref('stg_customers') }}
    where marketing_opt_in

),

active_customers as (

    select customer_id, min(ordered_at) as first_ordered_at
    from {{ ref('stg_orders') }}
    group by customer_id

)

select
    customers.* exclude (marketing_opt_in),
    active_customers.first_ordered_at is not null as has_ordered
from customers
left join active_customers on customers.customer_id = active_customers.customer_id
