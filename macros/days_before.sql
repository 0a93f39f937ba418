{#
    A timestamp so many days before another. dbt's own `dateadd` gives a `datetime` on BigQuery, which
    compares with no timestamp, and on Databricks asks the warehouse for its version while it compiles.
#}
{% macro days_before(timestamp, days) -%}
    {{ return(adapter.dispatch('days_before', 'acme')(timestamp, days)) }}
{%- endmacro %}

{% macro default__days_before(timestamp, days) -%}
    {{ dbt.dateadd('day', -days, timestamp) }}
{%- endmacro %}

{% macro bigquery__days_before(timestamp, days) -%}
    timestamp_sub({{ timestamp }}, interval {{ days }} day)
{%- endmacro %}

{% macro databricks__days_before(timestamp, days) -%}
    dateadd(day, -{{ days }}, {{ timestamp }})
{%- endmacro %}
