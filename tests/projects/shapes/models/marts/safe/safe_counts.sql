select team_id, city, count(*) as people from {{ ref('persons') }} group by team_id, city
