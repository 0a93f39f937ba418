select person_id, md5(email) as token, phone as place from {{ ref('persons') }}
