select source.mail as by_source, hard_coded.mail as by_name
from {{ source('raw', 'subscribers') }} as source
inner join main.tbl_042 as hard_coded on source.id = hard_coded.id
