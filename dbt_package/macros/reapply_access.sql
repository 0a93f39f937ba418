{#
    Gives a relation its tags, masks and grants back after a build: `create or replace`, and a table that is
    dropped and made anew, lose them. Call it as a `post-hook`. The statements come from the macro
    `pii_lint_access` of your own project, which `pii-lint govern ddl --as-macro` writes; without that macro, and
    for a node that it doesn't know, the run stops, since nobody could say what would stand there unguarded.
#}
{% macro reapply_access() -%}
    {%- if execute -%}
        {{ return(adapter.dispatch('reapply_access', 'pii_lint')()) }}
    {%- endif -%}
{%- endmacro %}

{% macro default__reapply_access() -%}
    {%- set plan = context.get(project_name, {}).get('pii_lint_access') -%}
    {%- if not plan -%}
        {{ exceptions.raise_compiler_error("There is no macro pii_lint_access: write it with `pii-lint govern ddl --as-macro --output macros/pii_lint_access.sql`.") }}
    {%- endif -%}
    {%- set statements = plan(model.unique_id) -%}
    {%- if not statements -%}
        {{ exceptions.raise_compiler_error("The macro pii_lint_access doesn't know " ~ model.unique_id ~ ": write it again with `pii-lint govern ddl --as-macro`.") }}
    {%- endif -%}
    {#- one by one, for not every engine takes several at once -#}
    {%- for statement in statements -%}
        {%- do run_query(statement) -%}
    {%- endfor -%}
{%- endmacro %}

{# It has neither tags nor roles. #}
{% macro duckdb__reapply_access() -%}{%- endmacro %}
