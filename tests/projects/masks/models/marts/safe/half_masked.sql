select
    person_id,
    coalesce({{ hash_pii('email') }}, email) as with_fallback,
    case when person_id > 1 then {{ hash_pii('phone') }} else phone end as in_one_branch,
    {{ hash_pii('ssn') }} || ssn as beside_itself,
    coalesce(md5(phone), phone) as weak_with_fallback
from {{ ref('int_people') }}
