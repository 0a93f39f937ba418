select * replace (md5(email) as email) from {{ ref('persons') }}
