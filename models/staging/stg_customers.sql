with source as (

    -- ssn_last4, birth_date and postcode take so few values that a hash of them is undone by trying all
    -- of them; name, street and IP address are joined on nowhere: none of these leaves the raw table
    select
        id,
        organization_id,
        email,
        phone,
        country,
        consent_given_at,
        consent_type,
        is_deleted,
        created_at,
        updated_at
    from {{ source('raw', 'raw_customers') }}

)

select
    id as customer_id,
    organization_id,
    {{ pii_lint.hash_pii('email') }} as email_hash,
    {{ pii_lint.hash_pii('phone') }} as phone_hash,
    country,
    {{ data_protection_area('country') }} as data_protection_area,
    cast(consent_given_at as timestamp) as consent_given_at,
    consent_type,
    is_deleted,
    cast(created_at as timestamp) as created_at,
    cast(updated_at as timestamp) as updated_at
from source
