with shortened as (

    select person_id, left(initial, 1) as letter from {{ ref('chain_03') }}

)

select before.person_id, before.contact, before.token, before.gone, shortened.letter as initial
from {{ ref('chain_03') }} as before
inner join shortened on before.person_id = shortened.person_id
