{% macro is_incremental() %}
    {% if var('pii_lint_incremental', none) is not none %}
        {{ return(var('pii_lint_incremental')) }}
    {% endif %}
    {{ return(dbt.is_incremental()) }}
{% endmacro %}
