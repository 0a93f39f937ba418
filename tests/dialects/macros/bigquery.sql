{% macro bigquery__date_trunc(datepart, date) -%}
    timestamp_trunc(cast({{ date }} as timestamp), {{ datepart }})
{%- endmacro %}

{% macro bigquery__position(substring_text, string_text) -%}
    strpos({{ string_text }}, {{ substring_text }})
{%- endmacro %}

{% macro bigquery__test_unique(model, column_name) %}
with dbt_test__target as (
    select {{ column_name }} as unique_field
    from {{ model }}
    where {{ column_name }} is not null
)

select unique_field, count(*) as n_records
from dbt_test__target
group by unique_field
having count(*) > 1
{% endmacro %}

{% macro bigquery__get_grant_sql(relation, privilege, grantee) -%}
    grant `{{ privilege }}` on {{ relation.type }} {{ relation }} to {{ '\"' + grantee | join('\", \"') + '\"' }}
{%- endmacro %}
