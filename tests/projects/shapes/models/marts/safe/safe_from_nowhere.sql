select contact_id from {{ ref('from_nowhere') }}
