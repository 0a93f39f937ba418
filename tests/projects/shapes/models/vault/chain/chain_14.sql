select person_id, pair.c as contact, pair.t as token, g as gone, i as initial
from {{ ref('chain_13') }}
