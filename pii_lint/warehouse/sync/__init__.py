"""Extract-load: PostgreSQL to the raw tables of DuckDB. Read `run.py` first."""
