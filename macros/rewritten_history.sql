{#
    The history of a snapshot after a run, as one query: what it held, closed where a row changed or went,
    then the new versions. A column that the source got since is null in older versions.
#}
{% macro rewritten_history(target, staging, known, given, columns) -%}
    {%- set fresh = [] -%}
    {%- for name in given if name not in known + ['dbt_change_type', 'dbt_unique_key'] -%}
        {%- do fresh.append(name) -%}
    {%- endfor -%}
    select
        {%- for name in known %}
        {% if name == columns.dbt_valid_to -%}
        coalesce(kept.{{ adapter.quote(name) }}, closed.{{ adapter.quote(name) }}) as {{ adapter.quote(name) }}
        {%- else -%}
        kept.{{ adapter.quote(name) }}
        {%- endif -%}
        {%- if not loop.last %},{% endif -%}
        {%- endfor %}
        {%- for name in fresh %},
        null as {{ adapter.quote(name) }}
        {%- endfor %}
    from {{ target }} as kept
    left join {{ staging }} as closed
        on kept.{{ columns.dbt_scd_id }} = closed.{{ columns.dbt_scd_id }}
        and closed.dbt_change_type in ('update', 'delete')
    union all
    select
        {%- for name in known + fresh %}
        {% if name in given -%}
        {{ adapter.quote(name) }}
        {%- else -%}
        null as {{ adapter.quote(name) }}
        {%- endif -%}
        {%- if not loop.last %},{% endif -%}
        {%- endfor %}
    from {{ staging }}
    where dbt_change_type = 'insert'
{%- endmacro %}
