{{ config(materialized='incremental', unique_key='person_id') }}
select person_id, email, signup_at
from {{ ref('persons') }}
{% if is_incremental() %}
where signup_at > (select max(signup_at) from {{ this }})
{% endif %}
