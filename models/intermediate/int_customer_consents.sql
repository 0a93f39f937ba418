with customers as (

    select
        customer_id,
        organization_id,
        email_hash,
        country,
        data_protection_area,
        consent_type,
        consent_given_at,
        is_deleted
    from {{ ref('stg_customers') }}

),

history as (

    select
        customer_id,
        consent_type,
        is_deleted,
        dbt_valid_from as recorded_at
    from {{ ref('snap_customer_consents') }}
    where dbt_valid_to is null

)

select
    customers.customer_id,
    customers.organization_id,
    customers.email_hash,
    customers.country,
    customers.data_protection_area,
    customers.consent_type,
    customers.consent_given_at,
    customers.is_deleted,
    -- what the source says now decides: a snapshot that wasn't taken may not keep a consent alive
    coalesce(
        customers.consent_type in ('marketing_email', 'marketing_all')
        and customers.consent_given_at is not null
        and not customers.is_deleted,
        false
    ) as may_be_contacted,
    history.recorded_at as consent_recorded_at
from customers
left join history
    on customers.customer_id = history.customer_id
