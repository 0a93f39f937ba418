select
    customers.login,
    sum(orders.total) as revenue
from {{ ref('base_orders') }} as orders
inner join {{ ref('customers') }} as customers on orders.contact_id = customers.contact_id
group by customers.login
