{% macro log_people() %}
create or replace table audit_end as select email from {{ ref('raw_people') }}
{% endmacro %}
