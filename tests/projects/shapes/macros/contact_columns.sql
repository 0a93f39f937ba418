{% macro contact_columns() %}email, phone{% endmacro %}
