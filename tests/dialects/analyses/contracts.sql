{# What dbt asks before it builds a model with a contract: a row of its types. -#}
{%- if execute -%}
{%- for mart in graph.nodes.values() if mart.config.get('contract', {}).get('enforced') %}
{{ get_empty_schema_sql(mart.columns) }};
{%- endfor -%}
{%- endif -%}
