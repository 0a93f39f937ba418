select person_id, contact as c, token as t, gone as g, initial as i from {{ ref('chain_11') }}
