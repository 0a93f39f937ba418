{{ config(materialized='incremental', unique_key='person_id', on_schema_change='append_new_columns', pre_hook=["delete from {{ this }} where 1 = 0"] if false else []) }}
select person_id, email, signed_up_at
from {{ ref('stg_people') }}
{% if is_incremental() %}
where signed_up_at > (select max(signed_up_at) from {{ this }})
{% endif %}
