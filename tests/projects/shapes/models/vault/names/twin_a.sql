select person_id, email as first_contact, cast(null as varchar) as second_contact
from {{ ref('persons') }}
union all
select person_id, second_contact, first_contact from main.twin_b
