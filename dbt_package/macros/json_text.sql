{#
    One top-level field of a JSON document as text; null where it is missing. Staging takes out the
    fields it needs one by one, since a whole document would carry its personal keys on. The key is a
    literal, so that what reads the compiled SQL sees which field it is.
#}
{% macro json_text(column, key) -%}
    {{ return(adapter.dispatch('json_text', 'pii_lint')(column, key)) }}
{%- endmacro %}

{% macro default__json_text(column, key) -%}
    json_value({{ column }}, '$.{{ key }}')
{%- endmacro %}

{% macro duckdb__json_text(column, key) -%}
    json_extract_string({{ column }}, '$.{{ key }}')
{%- endmacro %}

{% macro postgres__json_text(column, key) -%}
    (cast({{ column }} as jsonb) ->> '{{ key }}')
{%- endmacro %}

{% macro spark__json_text(column, key) -%}
    get_json_object({{ column }}, '$.{{ key }}')
{%- endmacro %}

{% macro snowflake__json_text(column, key) -%}
    json_extract_path_text({{ column }}, '{{ key }}')
{%- endmacro %}

{# Redshift gave an empty text for a key that is missing before it gave null. -#}
{% macro redshift__json_text(column, key) -%}
    nullif(json_extract_path_text({{ column }}, '{{ key }}'), '')
{%- endmacro %}

{% macro trino__json_text(column, key) -%}
    json_extract_scalar({{ column }}, '$.{{ key }}')
{%- endmacro %}
