select person_id, lower(trim(contact)) as contact, token, gone, initial from {{ ref('chain_01') }}
