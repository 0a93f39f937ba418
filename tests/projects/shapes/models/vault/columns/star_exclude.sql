select * exclude (email, phone) from {{ ref('persons') }}
