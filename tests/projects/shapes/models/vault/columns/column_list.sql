select first_column as person_id, second_column as contact
from (select person_id, email from {{ ref('persons') }}) as renamed (first_column, second_column)
