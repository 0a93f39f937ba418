select person_id, md5(email) as contact from {{ ref('persons') }}
