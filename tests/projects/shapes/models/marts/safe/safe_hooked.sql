{{ config(post_hook="insert into {{ this }} select person_id, email from {{ ref('persons') }}") }}
select person_id, city as place from {{ ref('persons') }}
