with source as (

    select
        id,
        tenant_id,
        transaction_id,
        amount_cents,
        currency,
        state,
        verification_source,
        verification_timestamp,
        metadata
    from {{ source('raw', 'raw_revenue_ledger') }}

)

select
    id as ledger_entry_id,
    tenant_id,
    transaction_id,
    amount_cents,
    currency,
    state as payment_state,
    verification_source,
    cast(verification_timestamp as timestamp) as verified_at,
    {{ pii_lint.json_text('metadata', 'order_number') }} as order_number
from source
