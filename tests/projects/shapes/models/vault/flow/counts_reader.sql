select city, people from {{ ref('counts_by_city') }}
