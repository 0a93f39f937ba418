{{ config(materialized='ephemeral') }}
select person_id, first_name || ' ' || last_name as full_name, email, city from {{ ref('persons') }}
