{# The founding test of this warehouse: it caught the columns that a safe mart spells out. #}
{{ pii_lint.assert_safe_marts_name_no_pii_columns() }}
