with consents as (

    select
        customer_id,
        organization_id,
        email_hash,
        country,
        data_protection_area,
        consent_type,
        consent_given_at,
        consent_recorded_at,
        may_be_contacted
    from {{ ref('int_customer_consents') }}

)

select
    customer_id,
    organization_id,
    email_hash,
    country,
    data_protection_area,
    consent_type,
    consent_given_at,
    consent_recorded_at
from consents
where
    may_be_contacted
    and email_hash is not null
