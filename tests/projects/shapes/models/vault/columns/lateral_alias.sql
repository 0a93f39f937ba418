select
    'n/a' as email,
    email as contact,
    lower(phone) as dialled,
    dialled || '#' as dialled_again
from {{ ref('persons') }}
