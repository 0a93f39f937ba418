select person_id, place from {{ ref('diamond_left') }}
union all
select person_id, place from {{ ref('diamond_right') }}
