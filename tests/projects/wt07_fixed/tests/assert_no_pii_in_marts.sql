-- Returns a row for each mart in which a value of a tagged raw column stands, in any text column.
{% set facts = ['fct_customer_orders', 'fct_marketing_reach'] %}
with personal as (

    select unnest([email, phone, ssn_last4]) as value
    from {{ source('raw', 'raw_customers') }}

),

held as (

    {% for fact in facts %}
    select '{{ fact }}' as mart, unnest(map_values(columns_of::json::map(varchar, varchar))) as value
    from (select to_json(mart_row) as columns_of from {{ ref(fact) }} as mart_row)
    {% if not loop.last %}union all{% endif %}
    {% endfor %}

)

select distinct held.mart
from held
inner join personal on held.value = personal.value
