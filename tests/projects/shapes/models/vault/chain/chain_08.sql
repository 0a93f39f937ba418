select person_id, contact, md5(token) as token, gone, upper(initial) as initial
from {{ ref('chain_07') }}
