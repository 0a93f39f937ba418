with ledger as (

    select
        ledger_entry_id,
        tenant_id,
        order_number,
        amount_cents,
        currency,
        verified_at
    from {{ ref('stg_revenue_ledger') }}
    where payment_state = 'captured'

),

touches as (

    select
        tenant_id,
        order_number,
        channel,
        campaign,
        row_number() over (
            partition by tenant_id, order_number
            order by touched_at desc, attribution_event_id
        ) as touches_back
    from {{ ref('stg_attribution_events') }}

),

organizations as (

    select
        organization_id,
        organization_name,
        tenant_id
    from {{ ref('stg_organizations') }}

)

select
    ledger.ledger_entry_id,
    organizations.organization_id,
    organizations.organization_name,
    coalesce(touches.channel, 'direct') as channel,
    coalesce(touches.campaign, 'none') as campaign,
    ledger.amount_cents,
    ledger.currency,
    cast(ledger.verified_at as date) as verified_date
from ledger
left join touches
    on ledger.tenant_id = touches.tenant_id
    and ledger.order_number = touches.order_number
    and touches.touches_back = 1
left join organizations
    on ledger.tenant_id = organizations.tenant_id
