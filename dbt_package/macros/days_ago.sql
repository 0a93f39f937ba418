{# The moment that many days ago, in UTC, as a literal. #}
{% macro days_ago(days) -%}
    cast('{{ (modules.datetime.datetime.now(modules.pytz.utc) - modules.datetime.timedelta(days=days)).strftime("%Y-%m-%d %H:%M:%S") }}' as timestamp)
{%- endmacro %}
