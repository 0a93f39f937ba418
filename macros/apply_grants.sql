{#
    A plain Spark knows no roles: `grants` have nobody there to grant to, and dbt's own statements don't
    parse. Who may read what is then up to the rights on the warehouse's files. Behind a Thrift server or
    a vendor's endpoint dbt's own way is taken. A macro isn't told the profile's `method`, only its `host`.
#}
{% macro spark__apply_grants(relation, grant_config, should_revoke=true) -%}
    {%- if target.host != 'session' -%}
        {{ return(dbt.default__apply_grants(relation, grant_config, should_revoke)) }}
    {%- elif grant_config -%}
        {{ log(relation ~ ": a plain Spark has no roles, so its grants are not applied") }}
    {%- endif -%}
{%- endmacro %}
