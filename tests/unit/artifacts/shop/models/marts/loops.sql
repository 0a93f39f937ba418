{%- set kinds = ['email', 'full_name'] -%}
{{ config(materialized='view') }}

{#- three ways to write a column -#}
select
    {{ masked('email') }} as email_hash,
    {% for kind in kinds %}
    {{ masked(kind) }} as {{ kind }}_mask,
    {% endfor %}
    {% if target.name == 'prod' %}
    full_name
    {% else %}
    full_name as name_outside_production
    {% endif %}
from {{ ref('stg_people') }}
{% for kind in kinds -%}
union all
select
    {{ kind }}, {{ kind }}, {{ kind }}, {{ kind }}
from {{ ref('stg_people') }}
{% endfor %}
