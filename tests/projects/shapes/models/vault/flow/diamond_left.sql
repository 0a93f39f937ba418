select person_id, email as contact, city as place from {{ ref('persons') }}
