select person_id, email as contact from main.people
