{#
    A select of one column, `value`: what stands under a key, however deep in the JSON documents of a
    column; where that is an object, what stands in it too.
#}
{% macro json_values_of_key(relation, column, key) -%}
    {{ return(adapter.dispatch('json_values_of_key', 'acme')(relation, column, key)) }}
{%- endmacro %}

{# Only the top level: an engine of its own way deserves a body of its own. -#}
{% macro default__json_values_of_key(relation, column, key) -%}
    select {{ json_text(column, key) }} as value from {{ relation }}
{%- endmacro %}

{% macro duckdb__json_values_of_key(relation, column, key) -%}
    select unnest(json_extract_string({{ column }}, '$..{{ key }}')) as value from {{ relation }}
    union all
    select unnest(json_extract_string({{ column }}, '$..{{ key }}.*')) as value from {{ relation }}
{%- endmacro %}

{% macro postgres__json_values_of_key(relation, column, key) -%}
    select jsonb_path_query(cast({{ column }} as jsonb), '$.**."{{ key }}"') #>> '{}' as value from {{ relation }}
    union all
    select jsonb_path_query(cast({{ column }} as jsonb), '$.**."{{ key }}".*') #>> '{}' as value from {{ relation }}
{%- endmacro %}

{# Spark's paths don't descend; a pattern over the text does. -#}
{% macro spark__json_values_of_key(relation, column, key) -%}
    select explode(regexp_extract_all({{ column }}, '"{{ key }}"[ ]*:[ ]*"([^"]*)"', 1)) as value from {{ relation }}
{%- endmacro %}
