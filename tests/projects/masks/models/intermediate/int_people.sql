select person_id, email, phone, ssn, nickname from {{ source('raw', 'people') }}
