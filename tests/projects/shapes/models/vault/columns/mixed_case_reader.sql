select fname as given_name, "e mail" as contact, Email as place from {{ ref('mixed_case') }}
