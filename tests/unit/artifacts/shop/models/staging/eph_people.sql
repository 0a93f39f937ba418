{{ config(materialized='ephemeral') }}
select person_id, email, country_id
from {{ ref('stg_people') }}
