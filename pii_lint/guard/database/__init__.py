"""Layers 2 and 3: triggers that refuse personal keys in PostgreSQL, and the audit behind them.

Everything is generated from the one registry: `ddl` writes it, `apply` puts it there, `check` looks
whether it still stands, `scan` runs the audit, `metrics` tells what both have seen.
"""
