select
    person_id,
    first_value(contact) over (partition by person_id order by person_id) as contact,
    token,
    gone,
    initial
from {{ ref('chain_09') }}
