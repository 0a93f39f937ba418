select person_id, email, 1 as added from {{ ref('stg_people') }}
