{# The hook after each run. -#}
{%- if execute -%}{{ adapter.dispatch('apply_schema_grants', 'pii_lint')() }}{%- endif -%}
