{#
    Stops a run before its first model unless exactly one sound salt stands in pii_secrets.pii_salt:
    without one every hash would be null, with two the query would fail halfway. It stops it as well while
    a rotation of the salt is pending. It only looks, and reads counts, never the salt. Commands that hash nothing pass: parse, compile, docs, list, seed, and test, so
    that the tests that need no data guard a warehouse that is still empty.
#}
{% macro check_pii_salt() -%}
    {%- if execute and flags.WHICH in ('build', 'run', 'snapshot', 'retry') -%}
        {%- if var('pii_salt', none) is not none -%}
            {{ pii_lint.check_literal_pii_salt(var('pii_salt')) }}
        {%- else -%}
            {{ pii_lint.check_stored_pii_salt() }}
            {{ pii_lint.check_pii_salt_rotation() }}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
