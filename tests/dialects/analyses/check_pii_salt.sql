{# The hook before each run; the query that it asks is seen by whoever answers it. -#}
{%- if execute -%}{{ pii_lint.check_stored_pii_salt() }}{%- endif -%}
