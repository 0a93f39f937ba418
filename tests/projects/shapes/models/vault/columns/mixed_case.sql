select person_id, first_name as "FName", email as "E Mail", city as "email" from {{ ref('persons') }}
