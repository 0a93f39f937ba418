"""Names and texts as SQL writes them; PostgreSQL and DuckDB agree."""

from __future__ import annotations


def quoted(name: str) -> str:
    """A name, whatever letters it holds."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text, where strings hold backslashes as they are."""
    return "'" + text.replace("'", "''") + "'"
