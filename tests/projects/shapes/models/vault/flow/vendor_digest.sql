select person_id, email_sha256 as token, left(email_sha256, 8) as short_token
from {{ source('raw', 'people') }}
