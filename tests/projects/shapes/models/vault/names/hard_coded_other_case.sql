select PERSON_ID as person_id, EMAIL as contact from Main."PEOPLE"
