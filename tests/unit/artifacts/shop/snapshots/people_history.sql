{% snapshot people_history %}
{{ config(unique_key='person_id', strategy='check', check_cols='all') }}
select person_id, email
from {{ ref('stg_people') }}
{% endsnapshot %}
