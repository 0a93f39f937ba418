{{ config(post_hook="{{ stamp(this) }}") }}
select team_id, team_name as place from {{ source('raw', 'teams') }}
