select person_id, columns('.*_name') from {{ ref('persons') }}
