select
    person_id,
    max(contact) as contact,
    min(token) as token,
    any_value(gone) as gone,
    max(initial) as initial
from {{ ref('chain_10') }}
group by person_id
