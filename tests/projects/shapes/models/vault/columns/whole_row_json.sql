select city, to_json(person) as body from {{ ref('persons') }} as person
