{#
    A singular test: no safe mart names a column of a direct parent that is tagged as personal. It walks
    dbt's graph and reads no data, so it guards a warehouse that is still empty.

    Its limits: direct parents only, and names as they stand in the text. What gets past it, by a star or a
    renamed column, `pii-lint check` follows.
#}
{% macro assert_safe_marts_name_no_pii_columns() -%}
{%- set leaks = [] -%}
{%- for mart in pii_lint.safe_marts() -%}
    {%- for parent_id in mart.depends_on.nodes -%}
        {%- set parent = graph.sources.get(parent_id) or graph.nodes.get(parent_id) -%}
        {%- for column in pii_lint.pii_columns(parent) -%}
            {%- if modules.re.search('(?i)\\b' ~ modules.re.escape(column.name) ~ '\\b', mart.raw_code) -%}
                {%- do leaks.append([mart.name, parent.name, column.name]) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
{%- endfor -%}

{%- for safe_mart, upstream, column in leaks %}
select
    '{{ safe_mart }}' as safe_mart,
    '{{ upstream }}' as upstream,
    '{{ column }}' as pii_column_referenced
{% if not loop.last %}union all{% endif %}
{%- else %}
select
    cast(null as {{ dbt.type_string() }}) as safe_mart,
    cast(null as {{ dbt.type_string() }}) as upstream,
    cast(null as {{ dbt.type_string() }}) as pii_column_referenced
from (select 1 as one) as nothing
where 1 = 0
{%- endfor %}
{%- endmacro %}
