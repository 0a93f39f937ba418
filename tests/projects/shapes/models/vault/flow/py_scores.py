def model(dbt, session):
    persons = dbt.ref("persons")
    return persons.project("person_id, length(email) as score")
