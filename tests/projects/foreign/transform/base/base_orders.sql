select order_id, contact_id, ship_to_street, total from {{ source('web', 'orders') }}
