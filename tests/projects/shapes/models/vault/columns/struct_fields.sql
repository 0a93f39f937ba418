with packed as (

    select person_id, {'mail': email, 'town': city} as card from {{ ref('persons') }}

)

select person_id, card.town as place, card.mail as contact, card from packed
