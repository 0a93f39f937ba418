{% snapshot city_history %}
{{ config(unique_key='person_id', strategy='check', check_cols=['city'], target_schema='main') }}

select person_id, city, phone from {{ ref('persons') }}

{% endsnapshot %}
