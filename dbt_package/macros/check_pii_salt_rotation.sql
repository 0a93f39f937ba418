{#
    Stops a run while a rotation of the salt is pending: some relations stand under the new salt, others still
    under the old one, and a model that only adds rows would put both into one table. The rotation's own
    run is known by the variable `pii_lint_rotation`, which `pii-lint rotate-salt` sets.
#}
{% macro check_pii_salt_rotation() -%}
    {%- set salt = source('pii_secrets', 'pii_salt') -%}
    {%- set pending = adapter.get_relation(salt.database, salt.schema, 'pii_salt_rotation') -%}
    {%- if pending is not none -%}
        {%- set numbers = run_query("select rotation from " ~ pending).columns[0].values() | list -%}
        {%- if var('pii_lint_rotation', none) not in numbers -%}
            {{ exceptions.raise_compiler_error(
                "A rotation of the salt has begun and not ended (" ~ pending ~ "), so nothing else may build: run `dbt compile`, then `pii-lint rotate-salt --resume`."
            ) }}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
