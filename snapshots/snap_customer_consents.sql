{% snapshot snap_customer_consents %}

{{
    config(
        unique_key='customer_id',
        strategy='check',
        check_cols=['consent_type', 'consent_given_at', 'is_deleted'],
        hard_deletes='invalidate'
    )
}}

-- a snapshot keeps what it saw for ever: no hash stands in it, only the key and the consent
select
    customer_id,
    consent_type,
    consent_given_at,
    is_deleted
from {{ ref('stg_customers') }}

{% endsnapshot %}
