{% macro masked(column) %}
    case
        when {{ column }} is null then null
        else md5({{ column }})
    end
{%- endmacro %}

{% macro unused() %}1{% endmacro %}
