select * from {{ ref('chain_06') }}
union
select * from {{ ref('chain_06') }}
