{#
    The type that holds any text. It is dbt's `type_string`, but for Redshift: `text` is varchar(256)
    there, and a cast to it cuts what is longer without a word.
#}
{% macro text_type() -%}
    {{ return(adapter.dispatch('text_type', 'pii_lint')()) }}
{%- endmacro %}

{% macro default__text_type() -%}
    {{ return(dbt.type_string()) }}
{%- endmacro %}

{% macro redshift__text_type() -%}
    {{ return('varchar(65535)') }}
{%- endmacro %}
