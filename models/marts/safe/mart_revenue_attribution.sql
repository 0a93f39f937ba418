with revenue as (

    select
        organization_id,
        organization_name,
        channel,
        campaign,
        amount_cents,
        currency,
        verified_date
    from {{ ref('int_revenue_attributed') }}

)

select
    organization_id,
    organization_name,
    channel,
    campaign,
    currency,
    count(*) as payment_count,
    cast(sum(amount_cents) / 100.0 as decimal(18, 2)) as captured_amount,
    min(verified_date) as first_payment_date,
    max(verified_date) as last_payment_date
from revenue
group by organization_id, organization_name, channel, campaign, currency
