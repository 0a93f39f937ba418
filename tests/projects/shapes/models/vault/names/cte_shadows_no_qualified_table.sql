with people as (

    select 1 as person_id, 'n/a' as email

)

select main.people.person_id, main.people.email as contact
from main.people
inner join people as stand_in on main.people.person_id = stand_in.person_id
