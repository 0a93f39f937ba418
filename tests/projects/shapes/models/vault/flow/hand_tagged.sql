select person_id, support_note, email as contact, 'n/a' as dialled
from {{ source('raw', 'people') }}
