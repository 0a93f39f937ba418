select person_id, email, city from {{ ref('persons') }}
union all by name
select city, person_id, email from {{ ref('persons') }}
