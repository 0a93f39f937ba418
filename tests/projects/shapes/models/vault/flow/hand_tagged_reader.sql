select person_id, upper(support_note) as remark, contact, dialled from {{ ref('hand_tagged') }}
