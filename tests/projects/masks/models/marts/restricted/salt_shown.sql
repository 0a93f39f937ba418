select people.person_id, salts.salt as reference
from {{ ref('int_people') }} as people
cross join {{ source('vault', 'salt') }} as salts
