{#
    Lower-case hex SHA-256 of the value's text followed by the salt: 64 characters, the same on every
    engine. Equal values stay joinable and groupable, null stays null.

    Limits: whoever has the salt can try out values, and a hash is still personal data in law; it does
    not by itself serve erasure. Text is hashed as it stands, so `A@b.c` and `a@b.c` differ: trim and
    lower first where they are meant to join. Numbers, dates and booleans are printed by each engine in
    its own way: cast them to text yourself where hashes of two engines have to agree.
#}
{% macro hash_pii(column) -%}
    {{ return(adapter.dispatch('hash_pii', 'pii_lint')(column)) }}
{%- endmacro %}

{% macro default__hash_pii(column) -%}
    {# An engine whose digest nobody has compared with the others' would break every join silently. #}
    {{ exceptions.raise_compiler_error(
        "hash_pii has no body for " ~ target.type ~ ": add " ~ target.type ~ "__hash_pii to your project's macros."
    ) }}
{%- endmacro %}

{# DuckDB's sha256 gives hex text already. -#}
{% macro duckdb__hash_pii(column) -%}
    sha256(cast({{ column }} as varchar) || {{ pii_lint.pii_salt() }})
{%- endmacro %}

{% macro postgres__hash_pii(column) -%}
    encode(sha256(convert_to(cast({{ column }} as text) || {{ pii_lint.pii_salt() }}, 'UTF8')), 'hex')
{%- endmacro %}

{% macro spark__hash_pii(column) -%}
    sha2(cast({{ column }} as string) || {{ pii_lint.pii_salt() }}, 256)
{%- endmacro %}

{# dbt would fall back to Spark's body; it stands here so that each engine's can be read. -#}
{% macro databricks__hash_pii(column) -%}
    sha2(cast({{ column }} as string) || {{ pii_lint.pii_salt() }}, 256)
{%- endmacro %}

{% macro snowflake__hash_pii(column) -%}
    sha2(cast({{ column }} as varchar) || {{ pii_lint.pii_salt() }}, 256)
{%- endmacro %}

{% macro bigquery__hash_pii(column) -%}
    to_hex(sha256(cast({{ column }} as string) || {{ pii_lint.pii_salt() }}))
{%- endmacro %}

{# A bare varchar is varchar(256) on Redshift, and would cut what is longer. -#}
{% macro redshift__hash_pii(column) -%}
    sha2(cast({{ column }} as varchar(65535)) || {{ pii_lint.pii_salt() }}, 256)
{%- endmacro %}

{# Trino's to_hex is upper case. -#}
{% macro trino__hash_pii(column) -%}
    lower(to_hex(sha256(to_utf8(cast({{ column }} as varchar) || {{ pii_lint.pii_salt() }}))))
{%- endmacro %}
