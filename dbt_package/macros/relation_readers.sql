{#
    Who may select from what this project builds, as its `grants` say: a list of
    `{schema, relation, roles}`, one for each relation, with no role where `grants` name none.
#}
{% macro relation_readers() -%}
    {%- set readers = [] -%}
    {%- for node in graph.nodes.values()
        if node.resource_type in ('model', 'seed', 'snapshot') and node.config.materialized != 'ephemeral' -%}
        {%- set roles = (node.config.grants or {}).get('select') or [] -%}
        {%- do readers.append({
            'schema': node.schema,
            'relation': node.alias,
            'roles': [roles] if roles is string else roles,
        }) -%}
    {%- endfor -%}
    {{ return(readers | sort(attribute='schema,relation')) }}
{%- endmacro %}
