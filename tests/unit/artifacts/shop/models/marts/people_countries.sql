

{{ config(materialized='table') }}

with people as (

    select * from {{ ref('eph_people') }}

), countries as (

    select * from {{ ref('eph_countries') }}

)

select
    people.person_id,
    people.email,
    {{ shout('countries.name') }} as country_name
from people
left join countries using (country_id)
