select
    customer_id,
    country,
    marketing_opt_in,
    created_at
from {{ source('raw', 'raw_customers') }}
