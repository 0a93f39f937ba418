{% macro stamp(relation) %}
    update {{ relation }} set place = upper(place)
{% endmacro %}
