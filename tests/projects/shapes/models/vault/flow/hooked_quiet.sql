{{ config(post_hook="select count(*) from {{ this }}") }}
select person_id, city as place from {{ ref('persons') }}
