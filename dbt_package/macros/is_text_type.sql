{#
    True for a column that text can stand in: whatever is no number, time or truth value, so that JSON,
    lists and structs count and a type that nobody thought of does too.
#}
{% macro is_text_type(data_type) -%}
    {%- set other = [
        'bigint', 'bignumeric', 'bool', 'date', 'dec', 'double', 'float', 'hugeint', 'int', 'interval', 'long',
        'number', 'numeric', 'real', 'short', 'smallint', 'time', 'tinyint', 'ubigint', 'uhugeint', 'uinteger',
        'usmallint', 'utinyint',
    ] -%}
    {%- set name = (data_type | lower).split('(')[0].split(' ')[0] -%}
    {%- set found = namespace(other=false) -%}
    {%- for prefix in other if name.startswith(prefix) and not data_type.endswith(']') -%}
        {%- set found.other = true -%}
    {%- endfor -%}
    {{ return(not found.other) }}
{%- endmacro %}
