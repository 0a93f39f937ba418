select person_id, email from {{ ref('stg_people') }}
