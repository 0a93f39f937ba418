{# The `meta` of a source, model, seed or snapshot, by the relation that dbt knows it as; empty while dbt parses. #}
{% macro meta_of_relation(relation) -%}
    {%- set found = namespace(meta={}) -%}
    {%- if execute -%}
        {%- for node in (graph.sources.values() | list) + (graph.nodes.values() | list) if node.relation_name == relation | string -%}
            {%- set found.meta = node.config.meta or node.meta or {} -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(found.meta) }}
{%- endmacro %}
