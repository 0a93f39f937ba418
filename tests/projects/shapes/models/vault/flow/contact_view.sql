{{ config(materialized='view') }}
select * from {{ ref('persons') }}
