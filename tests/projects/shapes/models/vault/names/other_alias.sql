{{ config(alias='card_index', schema='hidden') }}
select person_id, email as contact from {{ ref('persons') }}
