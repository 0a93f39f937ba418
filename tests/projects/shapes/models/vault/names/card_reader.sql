select newest.contact as newest, first.contact as first
from {{ ref('card') }} as newest
inner join {{ ref('card', v=1) }} as first on newest.person_id = first.person_id
