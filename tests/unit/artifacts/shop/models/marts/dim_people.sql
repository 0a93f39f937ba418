{{
  config(
    materialized='table',
    contract={'enforced': true},
  )
}}
select
    person_id,
    md5(email) as email_hash,
    {{ shout("coalesce(email, 'nobody')") }} as shouted,
    country_id
from {{ ref('eph_people') }}
where email is not null
