select person_id, {'c': c, 't': t} as pair, g, i from {{ ref('chain_12') }}
