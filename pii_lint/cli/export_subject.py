"""`pii-lint export-subject`: everything held on one person."""
