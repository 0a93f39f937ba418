{# Text with a blank for each punctuation mark and around it, so that whole words can be looked for. #}
{% macro as_words(text) -%}
    {%- set marks = '.,;:!?@#/|()[]{}<>"_-+=&*' -%}
    (' ' || translate({{ text }}, '{{ marks }}', '{{ " " * (marks | length) }}') || ' ')
{%- endmacro %}
