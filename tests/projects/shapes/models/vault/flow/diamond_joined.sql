select
    diamond_left.person_id,
    diamond_left.contact,
    diamond_right.token,
    coalesce(diamond_left.contact, diamond_right.token) as either,
    diamond_left.place
from {{ ref('diamond_left') }} as diamond_left
inner join {{ ref('diamond_right') }} as diamond_right
    on diamond_left.person_id = diamond_right.person_id
