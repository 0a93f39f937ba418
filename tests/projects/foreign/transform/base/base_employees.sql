select employee_no, full_name, date_of_birth, salary from {{ source('crm', 'employees') }}
