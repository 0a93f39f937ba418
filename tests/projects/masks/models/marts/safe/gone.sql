select
    person_id,
    '***' as email,
    cast(null as varchar) as phone,
    sha256(nickname) as ssn_hash
from {{ ref('int_people') }}
