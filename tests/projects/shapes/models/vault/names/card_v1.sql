select person_id, email as contact from {{ ref('persons') }}
