select staff_id, staff_email as contact, desk from {{ ref('staff') }}
