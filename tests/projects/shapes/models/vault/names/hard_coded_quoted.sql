select person_id, email as contact from "shapes"."main"."people"
