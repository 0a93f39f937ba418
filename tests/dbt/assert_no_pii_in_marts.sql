{# What really stands in the safe marts. Whoever adds a mart adds it here, and is told so if not. #}
{{ pii_lint.assert_no_pii_in_marts([
    'fct_customer_orders',
    'fct_marketing_reach',
    'mart_appointment_funnel',
    'mart_event_type_volume',
    'mart_organization_daily',
    'mart_revenue_attribution',
]) }}
