{{ config(materialized='incremental', unique_key='person_id') }}
{% if is_incremental() %}
select persons.person_id, persons.email as contact, stored.contact as previous_contact
from {{ ref('persons') }} as persons
left join {{ this }} as stored on persons.person_id = stored.person_id
{% else %}
select person_id, email as contact, cast(null as varchar) as previous_contact
from {{ ref('persons') }}
{% endif %}
