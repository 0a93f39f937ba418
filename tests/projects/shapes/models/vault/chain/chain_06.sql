select
    person_id,
    '<' || contact || '>' as contact,
    case when gone = 'withheld' then token end as token,
    gone,
    initial
from {{ ref('chain_05') }}
