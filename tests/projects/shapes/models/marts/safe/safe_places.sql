select person_id, place from {{ ref('inc_places') }}
