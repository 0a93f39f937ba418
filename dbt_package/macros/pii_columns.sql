{#
    The columns of a source table, seed, snapshot or model that are tagged as personal: name, kind and
    personal JSON keys of each. Tags and meta count wherever dbt lets them stand.
#}
{% macro pii_columns(node) -%}
    {%- set tagged = [] -%}
    {%- for column in node.columns.values() -%}
        {%- set config = column.get('config') or {} -%}
        {%- set tags = (column.tags or []) + (config.get('tags') or []) -%}
        {%- set meta = dict(column.meta or {}, **(config.get('meta') or {})) -%}
        {%- if 'pii' in tags or meta.get('pii') is true -%}
            {%- do tagged.append({
                'name': column.name, 'kind': meta.get('pii_type'), 'json_keys': meta.get('pii_keys') or []
            }) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(tagged) }}
{%- endmacro %}
