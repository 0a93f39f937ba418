select email as contact, dbt_scd_id as version_id, dbt_valid_from as since, city
from {{ ref('person_history') }}
