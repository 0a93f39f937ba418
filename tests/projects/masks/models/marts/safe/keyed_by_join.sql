with key as (

    select salt as k from {{ source('vault', 'salt') }}

)

select
    people.person_id,
    sha256(people.email || salts.salt) as cross_joined,
    sha256(people.phone || key.k) as through_cte
from {{ ref('int_people') }} as people
cross join {{ source('vault', 'salt') }} as salts
cross join key
