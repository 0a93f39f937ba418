select * exclude (email, email_sha256) from {{ source('raw', 'people') }}
