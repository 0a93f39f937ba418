select
    person_id,
    {{ hash_pii('phone') }} as email_hash,
    {{ hash_pii('nickname') }} as ssn_hash,
    email as email_hash_source
from {{ ref('int_people') }}
