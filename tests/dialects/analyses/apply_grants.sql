{# What follows each table on BigQuery: this project's own grant, and one in BigQuery's words. -#}
{%- if execute and target.type == 'bigquery' -%}
{%- set grants = {'select': ['analyst'], 'roles/bigquery.dataViewer': ['group:analyst@example.com']} -%}
{{ apply_grants(source('raw', 'raw_user'), grants, should_revoke=false) }}
{%- endif -%}
