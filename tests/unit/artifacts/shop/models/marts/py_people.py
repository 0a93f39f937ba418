def model(dbt, session):
    dbt.config(materialized="table")
    return dbt.ref("stg_people").project("person_id, email")
