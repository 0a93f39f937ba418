select people.person_id, people.email, settings.setting
from {{ ref('int_people') }} as people
cross join {{ source('raw', 'settings') }} as settings
