{#
    No row stays longer than its relation's `meta` says: `retention_days` from the moment in `retention_from`,
    and what `soft_delete` marks no longer than its `days`. The arguments go before the `meta`; `slack`
    is how many days more the scheduled deletion has. A failure is a number of rows, never a row.
#}
{% test within_retention(model, days=none, moment=none, slack=0) %}
{{ config(fail_calc='coalesce(sum(overdue), 0)') }}

{%- set meta = pii_lint.meta_of_relation(model) -%}
{%- set days = days if days is not none else meta.get('retention_days') -%}
{%- set moment = moment or meta.get('retention_from') -%}
{%- if execute and (days is none or moment is none) -%}
    {{ exceptions.raise_compiler_error(
        "within_retention has no term for " ~ model ~ ": say `retention_days` and `retention_from` under its meta, or give the arguments `days` and `moment`."
    ) }}
{%- endif -%}

{%- set mark = meta.get('soft_delete') -%}
{%- set mark = mark if mark is mapping else {'column': mark} -%}
{%- set erased_from = mark.get('from') or (mark.column if mark.column and 'deleted_at' in mark.column | lower else none) %}

select count(*) as overdue
from {{ model }}
where
    cast({{ moment }} as timestamp) < {{ pii_lint.days_ago((days or 0) + slack) }}
    {%- if mark.column and erased_from and erased_from | lower == mark.column | lower %}
    or cast({{ mark.column }} as timestamp) < {{ pii_lint.days_ago((mark.get('days') or 0) + slack) }}
    {%- elif mark.column and erased_from %}
    or ({{ mark.column }} and coalesce(cast({{ erased_from }} as timestamp) < {{ pii_lint.days_ago((mark.get('days') or 0) + slack) }}, true))
    {%- elif mark.column %}
    or {{ mark.column }}
    {%- endif %}
having count(*) > 0

{% endtest %}
