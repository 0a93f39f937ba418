{#
    The salt as an expression for hash_pii, and for nothing else.

    It is data: a scalar subquery reads it where the query runs, so that it stands in no compiled SQL,
    manifest, log or docs page. The subquery stays plain, without where, join or aggregate: what reads
    the compiled SQL can then see that the whole secret enters the digest.

    `--vars 'pii_salt: …'` puts a literal in its place, for throwaway data only (check_pii_salt).
#}
{% macro pii_salt() -%}
    {%- set literal = var('pii_salt', none) -%}
    {%- if literal is none -%}
        (select salt from {{ source('pii_secrets', 'pii_salt') }})
    {%- else -%}
        '{{ literal | string | replace("'", "''") }}'
    {%- endif -%}
{%- endmacro %}
