select person_id, {{ contact_columns() }}, {{ first_letters('email', 3) }} as letters
from {{ ref('persons') }}
