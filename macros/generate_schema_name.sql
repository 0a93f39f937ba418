{#
    A folder's schema is used as it is, without the target's name before it: grants, policies and readers
    know `marts` and `marts_restricted` by name, in development too. Only a CI target puts its own schema
    first, so that two pull requests never write to the same marts. Nothing that dbt builds may land in
    the schema of the salt.
#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {%- set name = custom_schema_name | default(target.schema, true) | trim -%}
    {%- if name | lower == 'pii_secrets' -%}
        {{ exceptions.raise_compiler_error(
            node.name ~ " asks for the schema pii_secrets, which holds the salt alone: give it the schema of its folder."
        ) }}
    {%- elif custom_schema_name and target.name.endswith('ci') and node.resource_type != 'seed' -%}
        {{ target.schema }}_{{ name }}
    {%- else -%}
        {{ name }}
    {%- endif -%}
{%- endmacro %}
