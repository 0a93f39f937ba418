select teams.team_id, teams.owner_login
from {{ source('raw', 'teams') }} as teams
inner join {{ ref('persons') }} as persons on teams.owner_login = persons.email
