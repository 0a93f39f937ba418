select person_id, {{ hash_pii('email') }} as email_key from {{ ref('int_people') }} where person_id > 1
union all
select person_id, email from {{ ref('int_people') }} where person_id <= 1
