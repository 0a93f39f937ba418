select person_id, contact, token, 'withheld' as gone, initial from {{ ref('chain_04') }}
