{# The only query on the salt outside hash_pii: how many rows, and how many of them are sound. #}
{% macro check_stored_pii_salt() -%}
    {%- set declared = source('pii_secrets', 'pii_salt') -%}
    {%- set stored = adapter.get_relation(declared.database, declared.schema, declared.identifier) -%}
    {%- set remedy = ": run `pii-lint salt init`, or `pii-lint salt import` to keep hashes joinable with earlier ones." -%}

    {%- if stored is none -%}
        {{ exceptions.raise_compiler_error("hash_pii has no salt, for there is no table " ~ declared ~ remedy) }}
    {%- endif -%}

    {%- set counts = run_query(
        "select count(*) as salts, count(salt) as given, count(case when length(salt) >= 64"
        ~ " and length(translate(lower(salt), '0123456789abcdef', '')) = 0 then 1 end) as sound from " ~ declared
    ).rows[0] -%}
    {%- set salts, given, sound = counts[0] | int, counts[1] | int, counts[2] | int -%}

    {%- if salts == 0 -%}
        {{ exceptions.raise_compiler_error("hash_pii has no salt, for " ~ declared ~ " is empty" ~ remedy) }}
    {%- elif salts > 1 -%}
        {{ exceptions.raise_compiler_error(
            "hash_pii needs one salt, but " ~ declared ~ " holds " ~ salts
            ~ " rows: drop the table, then run `pii-lint salt import` with the salt that made the hashes,"
            ~ " or `pii-lint salt init`."
        ) }}
    {%- elif given == 0 -%}
        {{ exceptions.raise_compiler_error(
            "The salt in " ~ declared ~ " is null, so every hash would be null too: drop the table, then run `pii-lint salt init`."
        ) }}
    {%- elif sound == 0 -%}
        {{ exceptions.raise_compiler_error(
            "The salt in " ~ declared ~ " is not 64 or more hexadecimal digits: drop the table, then run `pii-lint salt init`."
        ) }}
    {%- endif -%}
{%- endmacro %}
