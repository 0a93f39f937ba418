with contacts as (
    select * from {{ ref('base_contacts') }}
)

select
    contacts.contact_id,
    lower(contacts.email) as login,
    contacts.country
from contacts
