select
    person_id,
    md5(email) as plain_md5,
    sha256(lower(trim(email))) as plain_sha256,
    hash(phone) as number_hash,
    md5(concat_ws('|', email, phone)) as surrogate_key,
    sha256(email || 'pepper-in-the-code') as literal_salt,
    sha256(email || '{{ var("pepper") }}') as variable_salt,
    sha256(email || 'x') as short_literal,
    md5(concat_ws((select salt from {{ source('vault', 'salt') }}), email)) as salt_as_separator,
    md5(coalesce(email, (select salt from {{ source('vault', 'salt') }}))) as salt_as_default,
    md5(
        email || coalesce(
            nullif(
                (select salt from {{ source('vault', 'salt') }}),
                (select salt from {{ source('vault', 'salt') }})
            ),
            ''
        )
    ) as salt_cancelled,
    md5(email || left((select salt from {{ source('vault', 'salt') }}), 1)) as salt_letter,
    md5(replace(email, (select salt from {{ source('vault', 'salt') }}), '')) as salt_searched_for,
    md5(
        case when person_id < 0 then email || (select salt from {{ source('vault', 'salt') }}) else email end
    ) as salt_in_one_branch,
    md5(email || current_user) as keyed_by_user,
    left(md5(email), 8) as short_md5,
    md5(email || (select '' from {{ source('vault', 'salt') }})) as beside_the_salt
from {{ ref('int_people') }}
