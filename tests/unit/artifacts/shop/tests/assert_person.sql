select * from {{ ref('dim_people') }} where person_id is null
