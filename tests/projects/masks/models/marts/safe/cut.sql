select
    person_id,
    left(email, 5) as email_start,
    substr(phone, 1, 3) as phone_area,
    length(ssn) as ssn_length,
    left(email, 0) as email_nothing
from {{ ref('int_people') }}
