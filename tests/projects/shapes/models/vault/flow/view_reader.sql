select person_id, phone as dialled, city from {{ ref('contact_view') }}
