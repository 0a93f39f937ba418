select
    person_id,
    {{ hash_pii('email') }} as by_macro,
    sha256((select salt from {{ source('vault', 'salt') }}) || email) as salt_first,
    md5(concat(phone, (select salt from {{ source('vault', 'salt') }}))) as by_concat,
    md5(concat_ws('|', phone, (select salt from {{ source('vault', 'salt') }}))) as by_concat_ws,
    sha256(cast(ssn as varchar) || cast((select salt from {{ source('vault', 'salt') }}) as varchar))
        as through_casts,
    sha256(lower(trim(email)) || (select salt from {{ source('vault', 'salt') }})) as normalised,
    left({{ hash_pii('ssn') }}, 16) as shortened,
    md5({{ hash_pii('ssn') }}) as digested_twice,
    sha256(md5(email) || (select salt from {{ source('vault', 'salt') }})) as keyed_over_unkeyed,
    case when email is not null then {{ hash_pii('email') }} end as where_known,
    coalesce({{ hash_pii('email') }}, 'unknown') as with_default
from {{ ref('int_people') }}
