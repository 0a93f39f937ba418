{# A literal salt ends up in compiled SQL: good enough for throwaway data, refused in production. #}
{% macro check_literal_pii_salt(literal) -%}
    {%- if 'prod' in target.name | lower -%}
        {{ exceptions.raise_compiler_error(
            "The variable pii_salt puts the salt into compiled SQL and is for throwaway data only, so target "
            ~ target.name ~ " refuses it: drop the variable and run `pii-lint salt init` or `pii-lint salt import`."
        ) }}
    {%- elif literal | string | trim | length == 0 -%}
        {{ exceptions.raise_compiler_error(
            "The variable pii_salt is empty, so nothing would key hash_pii: give it a value,"
            ~ " or drop the variable and run `pii-lint salt init`."
        ) }}
    {%- else -%}
        {%- do exceptions.warn(
            "The variable pii_salt puts the salt into compiled SQL: keep this build for throwaway data only."
        ) -%}
    {%- endif -%}
{%- endmacro %}
