{% macro twice(expression) %}{{ expression }} || {{ expression }}{% endmacro %}
