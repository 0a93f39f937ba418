select person_id, phone as dialled, city from main.people
