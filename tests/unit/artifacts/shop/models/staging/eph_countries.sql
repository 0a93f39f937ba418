{{ config(materialized='ephemeral') }}
with named as (
    select id as country_id, name from {{ ref('countries') }}
)
select * from named
