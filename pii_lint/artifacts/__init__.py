"""dbt's JSON -> Project; nothing else knows dbt's artifacts, of whichever supported version."""
