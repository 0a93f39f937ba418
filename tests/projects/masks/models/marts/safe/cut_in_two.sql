select person_id, left(ssn, 6) as ssn_start, right(ssn, 4) as ssn_end
from {{ ref('int_people') }}
