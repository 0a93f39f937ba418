{#
    The raw tables on Spark: each of the source's tables over the Parquet files of a folder, one file or
    folder a table, called as the table. Nothing is copied, and the types are the files' own.
    `dbt run-operation load_raw_parquet --args '{folder: /data/raw}'`

    Dropping such a table leaves its files, so that this can be run again.
#}
{% macro load_raw_parquet(folder) -%}
    {%- if execute -%}
        {{ return(adapter.dispatch('load_raw_parquet')(folder | string)) }}
    {%- endif -%}
{%- endmacro %}

{% macro default__load_raw_parquet(folder) -%}
    {{ exceptions.raise_compiler_error(
        "load_raw_parquet is for Spark: target " ~ target.name ~ " loads its raw tables with `dbt seed` or `pii-lint sync`."
    ) }}
{%- endmacro %}

{% macro spark__load_raw_parquet(folder) -%}
    {%- set where = (folder if folder.endswith('/') else folder ~ '/') | replace('\\', '/') -%}
    {%- if "'" in where or not (where.startswith('/') or '://' in where) -%}
        {{ exceptions.raise_compiler_error(
            "load_raw_parquet needs a whole path, as /data/raw or s3a://bucket/raw, without quotes in it."
        ) }}
    {%- endif -%}
    {%- do run_query('create schema if not exists ' ~ var('raw_schema', 'raw')) -%}
    {%- for source in graph.sources.values() | selectattr('source_name', 'equalto', 'raw') | sort(attribute='name') -%}
        {%- do run_query('drop table if exists ' ~ source.relation_name) -%}
        {%- do run_query(
            'create table ' ~ source.relation_name ~ " using parquet location '" ~ where ~ source.identifier ~ ".parquet'"
        ) -%}
    {%- endfor -%}
{%- endmacro %}
