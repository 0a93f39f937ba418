{% macro redshift__dateadd(datepart, interval, from_date_or_timestamp) -%}
    {{ default__dateadd(datepart, interval, from_date_or_timestamp) }}
{%- endmacro %}
