{{ config(materialized='incremental', unique_key='team_id') }}
select team_id, team_name
from {{ source('raw', 'teams') }}
{% if is_incremental() %}
where team_id > (select max(team_id) from {{ this }})
{% endif %}
