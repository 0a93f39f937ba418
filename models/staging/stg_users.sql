with source as (

    -- the names stay behind: nothing downstream joins on them
    select
        id,
        organization_id,
        username,
        email,
        phone,
        date_joined
    from {{ source('raw', 'raw_user') }}

)

select
    id as user_id,
    organization_id,
    {{ pii_lint.hash_pii('username') }} as username_hash,
    {{ pii_lint.hash_pii('email') }} as email_hash,
    {{ pii_lint.hash_pii('phone') }} as phone_hash,
    cast(date_joined as timestamp) as joined_at
from source
