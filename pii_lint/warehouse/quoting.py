"""Names and texts as SQL writes them; PostgreSQL and DuckDB agree."""

from __future__ import annotations

from pii_lint.counts import Table


def quoted(name: str) -> str:
    """A name, whatever letters it holds."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text, where strings hold backslashes as they are."""
    return "'" + text.replace("'", "''") + "'"


def relation(table: Table) -> str:
    """A table or view in its schema."""
    return f"{quoted(table.schema)}.{quoted(table.name)}"
