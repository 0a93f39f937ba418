select employee_no, full_name, salary from {{ ref('base_employees') }}
