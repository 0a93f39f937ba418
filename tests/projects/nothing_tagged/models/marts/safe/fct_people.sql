select person_id, email from {{ source('raw', 'people') }}
