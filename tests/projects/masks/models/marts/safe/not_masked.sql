select
    person_id,
    lower(email) as email_hash,
    replace(email, '@', '#') as email_masked,
    translate(phone, '0123456789', '5678901234') as phone_token,
    to_base64(encode(email)) as email_encoded,
    reverse(ssn) as ssn_reversed,
    left(ssn, 100) as ssn_cut,
    regexp_replace(phone, '[^0-9]', '', 'g') as phone_redacted,
    upper(email) || '' as email_secure
from {{ ref('int_people') }}
