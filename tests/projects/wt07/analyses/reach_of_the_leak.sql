-- Written during incident response. Where a person lives is looked up in a list of countries:
-- a first count by hand had taken CA for a member of the EU.
select
    sent.vendor,
    sent.exported_on,
    count(*) as records,
    count(customers.ssn_last4) as records_with_partial_ssn,
    count(*) filter (where areas.area in ('EU', 'EEA')) as records_of_eu_eea_residents,
    count(*) filter (where areas.area = 'UK') as records_of_uk_residents
from {{ source('raw', 'raw_export_log') }} as sent
inner join {{ source('raw', 'raw_customers') }} as customers
    on sent.customer_id = customers.customer_id
left join {{ ref('data_protection_areas') }} as areas on customers.country = areas.country
group by sent.vendor, sent.exported_on
order by sent.exported_on
