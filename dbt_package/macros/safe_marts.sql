{#
    The safe marts, as nodes of dbt's graph; none while dbt parses. They are the models in the folders of
    the variable `pii_lint_safe_paths`, by default `models/marts/safe`: the paths of the policy's safe zone.
#}
{% macro safe_marts() -%}
    {%- set marts = [] -%}
    {%- if execute -%}
        {%- for node in graph.nodes.values() if node.resource_type == 'model' -%}
            {%- set path = node.original_file_path | replace('\\', '/') -%}
            {%- set safe = namespace(found=false) -%}
            {%- for folder in var('pii_lint_safe_paths', ['models/marts/safe']) if path.startswith(folder ~ '/') -%}
                {%- set safe.found = true -%}
            {%- endfor -%}
            {%- if safe.found -%}{%- do marts.append(node) -%}{%- endif -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(marts | sort(attribute='name')) }}
{%- endmacro %}
