{{ config(
    materialized='incremental',
    incremental_strategy='microbatch',
    event_time='signup_at',
    begin='2024-01-01',
    batch_size='year'
) }}
select signup_id, email, channel, signup_at from {{ source('raw', 'signups') }}
