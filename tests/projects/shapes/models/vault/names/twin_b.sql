select person_id, first_contact, second_contact from {{ ref('twin_a') }}
