select
    person_id,
    cast(contact as varchar(200)) as contact,
    coalesce(token, '') as token,
    gone,
    initial
from {{ ref('chain_02') }}
