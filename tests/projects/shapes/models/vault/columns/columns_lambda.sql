select columns(c -> c like '%mail' or c = 'city') from {{ ref('persons') }}
