select
    person_id,
    email,
    phone,
    first_name,
    last_name,
    birth_date,
    city,
    team_id,
    signup_at
from {{ source('raw', 'people') }}
