{#
    A select of `json_key` and `value`: what stands under these keys, however deep in the JSON documents of
    a column; where that is an object or a list, what stands in it too.
#}
{% macro json_values_of_keys(relation, column, keys) -%}
    {{ return(adapter.dispatch('json_values_of_keys', 'pii_lint')(relation, column, keys)) }}
{%- endmacro %}

{# Only the top level: an engine with paths that descend deserves a body of its own. -#}
{% macro default__json_values_of_keys(relation, column, keys) -%}
    {%- for key in keys %}
    select '{{ key }}' as json_key, {{ pii_lint.json_text(column, key) }} as value from {{ relation }}
    {%- if not loop.last %} union all {%- endif -%}
    {%- endfor %}
{%- endmacro %}

{% macro duckdb__json_values_of_keys(relation, column, keys) -%}
    select json_key, unnest(found) as value
    from (
        select
            unnest(['{{ keys | join("', '") }}']) as json_key,
            unnest([
                {%- for key in keys %}
                json_extract_string({{ column }}, '$.."{{ key }}"') || json_extract_string({{ column }}, '$.."{{ key }}"..*')
                {%- if not loop.last %},{% endif -%}
                {%- endfor %}
            ]) as found
        from {{ relation }}
    ) as found_by_key
{%- endmacro %}

{% macro postgres__json_values_of_keys(relation, column, keys) -%}
    select wanted.json_key, found.value #>> '{}' as value
    from {{ relation }}
    cross join (values ('{{ keys | join("'), ('") }}')) as wanted (json_key)
    cross join lateral jsonb_path_query(
        cast({{ column }} as jsonb), cast('$.**."' || wanted.json_key || '".**' as jsonpath)
    ) as found (value)
{%- endmacro %}

{# dbt would fall back to PostgreSQL's body, and Redshift has no such paths. -#}
{% macro redshift__json_values_of_keys(relation, column, keys) -%}
    {{ pii_lint.default__json_values_of_keys(relation, column, keys) }}
{%- endmacro %}

{# Spark's paths don't descend; a pattern over the text does, in an object or list to its first closing bracket. -#}
{% macro spark__json_values_of_keys(relation, column, keys) -%}
    select
        json_key,
        translate(quoted, '"', '') as value
    from (
        select
            json_key,
            explode(regexp_extract_all(regexp_replace(held, '"[^"]*"\\s*:', ''), '"[^"]*"|^[-0-9.]+', 0)) as quoted
        from (
            select
                json_key,
                explode(regexp_extract_all(
                    {{ column }},
                    concat('"', json_key, '"\\s*:\\s*("[^"]*"|\\[[^\\]]*|\\{[^}]*|-?[0-9][0-9.]*)'),
                    1
                )) as held
            from {{ relation }}
            cross join (values ('{{ keys | join("'), ('") }}')) as wanted (json_key)
        ) as found
    ) as without_keys
{%- endmacro %}
