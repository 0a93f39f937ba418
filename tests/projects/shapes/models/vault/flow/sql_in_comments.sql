-- select email from main.people
select
    city, /* , phone as dialled */
    'select email from main.people' as note, -- "email"
    person_id
from {{ ref('persons') }} /* union all select email, phone, 1 from main.people */
