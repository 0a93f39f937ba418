{{ config(materialized='incremental', unique_key='person_id') }}
{% if is_incremental() %}
select person_id, email as token from {{ ref('persons') }}
{% else %}
select person_id, md5(email) as token from {{ ref('persons') }}
{% endif %}
