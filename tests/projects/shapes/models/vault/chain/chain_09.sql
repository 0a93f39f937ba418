select person_id, reverse(contact) as contact, token, gone, initial from {{ ref('chain_08') }}
