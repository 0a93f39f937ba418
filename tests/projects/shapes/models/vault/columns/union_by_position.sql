select person_id, city as place from {{ ref('persons') }}
union all
select person_id, email from {{ ref('persons') }}
