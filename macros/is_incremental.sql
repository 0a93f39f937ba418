{# A macro of the root project alone goes before dbt's own: it lets one compile show a chosen branch. #}
{% macro is_incremental() -%}
    {{ return(pii_lint.is_incremental()) }}
{%- endmacro %}
