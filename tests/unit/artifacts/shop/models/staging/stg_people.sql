{{ config(materialized='view', tags=['inline_tag'], meta={'inline': true}) }}
{# a Jinja comment
   over two lines #}
with source as (
    select * from {{ source('crm', 'people') }}
),

renamed as (
    -- an SQL comment
    select
        id as person_id,
        {{ shout('email') }} as email,
        full_name,
        country_id,
        {% for part in ['year', 'month'] %}
        date_part('{{ part }}', signed_up_at) as signed_up_{{ part }},
        {% endfor %}
        signed_up_at
    from source
)

select * from renamed
