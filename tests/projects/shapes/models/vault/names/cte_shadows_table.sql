with people as (

    select 1 as person_id, 'n/a' as email

)

select person_id, email as contact from people
