{{ config(materialized='incremental', incremental_strategy='microbatch', event_time='signed_up_at', begin='2024-01-01', batch_size='year') }}
select person_id, email, signed_up_at
from {{ ref('stg_people') }}
