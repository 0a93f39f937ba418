{% macro hash_pii(column) -%}
sha256(cast({{ column }} as varchar) || (select salt from {{ source('vault', 'salt') }}))
{%- endmacro %}
