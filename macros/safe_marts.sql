{# The models under models/marts/safe, as nodes of dbt's graph; none while dbt parses. #}
{% macro safe_marts() -%}
    {%- set marts = [] -%}
    {%- if execute -%}
        {%- for node in graph.nodes.values()
            if node.resource_type == 'model'
            and (node.original_file_path | replace('\\', '/')).startswith('models/marts/safe/') -%}
            {%- do marts.append(node) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(marts | sort(attribute='name')) }}
{%- endmacro %}
