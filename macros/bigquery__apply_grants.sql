{#
    BigQuery grants IAM roles to principals, `roles/bigquery.dataViewer` to `group:analyst@your.domain`,
    and has no privilege `select`: dbt's statement would fail there. It is left out, and grants that are
    written in BigQuery's own words are applied as dbt does.
#}
{% macro bigquery__apply_grants(relation, grant_config, should_revoke=true) -%}
    {%- set known = {} -%}
    {%- for privilege, grantees in (grant_config or {}).items() -%}
        {%- if privilege == 'select' -%}
            {%- do log(relation ~ ": BigQuery has no privilege select, so nobody is granted it") -%}
        {%- else -%}
            {%- do known.update({privilege: grantees}) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(dbt.default__apply_grants(relation, known, should_revoke)) }}
{%- endmacro %}
