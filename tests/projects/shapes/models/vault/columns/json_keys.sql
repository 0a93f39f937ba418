select
    payload_id,
    body ->> 'email' as contact,
    json_extract_string(body, '$.phone') as dialled,
    body ->> 'order_id' as order_id,
    body ->> key_name as picked,
    body
from {{ source('raw', 'payloads') }}
