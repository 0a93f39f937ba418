{# What dbt asks before it builds a model with a contract: a row of its types, as the engine calls them. -#}
{%- if execute -%}
{%- for mart in graph.nodes.values() if mart.config.get('contract', {}).get('enforced') -%}
{%- set columns = {} -%}
{%- for name, column in mart.columns.items() -%}
{%- do columns.update({name: dict(column, data_type=api.Column.translate_type(column.data_type))}) -%}
{%- endfor %}
{{ get_empty_schema_sql(columns) }};
{%- endfor -%}
{%- endif -%}
