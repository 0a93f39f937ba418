{{ config(materialized='incremental', unique_key='person_id') }}
{% if is_incremental() %}
select person_id, email as place from {{ ref('persons') }}
{% else %}
select person_id, city as place from {{ ref('persons') }}
{% endif %}
