select
    person_id,
    email as contact,
    email as token,
    phone as gone,
    first_name as initial
from {{ ref('persons') }}
