select person_id, sha256(email || setting) as no_secret from {{ ref('int_people_peppered') }}
