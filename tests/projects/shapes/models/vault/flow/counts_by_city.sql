select
    city,
    count(*) as people,
    count(distinct email) as addresses,
    max(email) as last_address,
    sum(case when phone is null then 1 else 0 end) as without_phone,
    avg(date_diff('year', birth_date, date '2026-01-01')) as mean_age
from {{ ref('persons') }}
where last_name is not null
group by city
