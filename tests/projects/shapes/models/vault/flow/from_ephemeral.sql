select person_id, full_name, lower(email) as contact, city from {{ ref('eph_names') }}
