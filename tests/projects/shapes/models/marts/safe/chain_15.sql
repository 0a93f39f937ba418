select person_id, contact, token, gone, initial from {{ ref('chain_14') }}
