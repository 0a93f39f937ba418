{#
    The Monday of a timestamp's week, as a date. Where weeks begin is a setting on Snowflake, and a week
    that isn't an ISO week begins on Sunday on BigQuery.
#}
{% macro monday_of(timestamp) -%}
    {{ return(adapter.dispatch('monday_of', 'acme')(timestamp)) }}
{%- endmacro %}

{% macro default__monday_of(timestamp) -%}
    cast({{ dbt.date_trunc('week', timestamp) }} as date)
{%- endmacro %}

{% macro bigquery__monday_of(timestamp) -%}
    date_trunc(cast({{ timestamp }} as date), isoweek)
{%- endmacro %}

{% macro snowflake__monday_of(timestamp) -%}
    dateadd(day, 1 - dayofweekiso({{ timestamp }}), cast({{ timestamp }} as date))
{%- endmacro %}
