select source.contact as by_source, hard_coded.contact as by_name
from {{ ref('other_alias') }} as source
inner join main_hidden.card_index as hard_coded on source.person_id = hard_coded.person_id
