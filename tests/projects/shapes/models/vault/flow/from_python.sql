select person_id, score from {{ ref('py_scores') }}
