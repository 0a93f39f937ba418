select person from {{ ref('persons') }} as person
