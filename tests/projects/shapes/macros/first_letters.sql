{% macro first_letters(column, count) %}left({{ column }}, {{ count }}){% endmacro %}
