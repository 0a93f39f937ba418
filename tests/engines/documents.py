"""JSON documents with personal values under a key, in every shape that senders send."""

from __future__ import annotations

from collections.abc import Callable

from jinja2 import Environment

from tests.warehouse import REPOSITORY

DOCUMENTS = (
    '{"email": "plain@example.com", "other": "not@example.com"}',
    '{"customer": {"contacts": [{"email":"deep@example.com"}]}}',
    '{"email": ["first@example.com", "second@example.com"], "notes": ["not@example.com"]}',
    '{"email": {"work": "held@example.com", "listed": ["within@example.com"]}}',
    '{"email": [["nested@example.com"]]}',
    '{"ssn" : 123456789}',
    '{"e-mail": "dash@example.com"}',
    '{"email": null}',
    "{}",
)
FOUND = {
    ("email", f"{name}@example.com")
    for name in ("plain", "deep", "first", "second", "held", "within", "nested")
} | {("ssn", "123456789"), ("e-mail", "dash@example.com")}


def values_found(query: Callable[[str], list[tuple[object, ...]]], engine: str) -> set[object]:
    """Those that look like a value, for a list or object may come as a whole beside them."""
    rows = query(f"select json_key, value from ({_sql(engine)}) as found")
    return {row for row in rows if "[" not in str(row[1]) and "{" not in str(row[1]) and row[1]}


def _sql(engine: str) -> str:
    text = (REPOSITORY / "dbt_package/macros/json_values_of_keys.sql").read_text("utf-8")
    module = Environment(autoescape=False).from_string(text).module  # noqa: S701 - SQL, not HTML
    documents = " union all ".join(f"select '{document}' as doc" for document in DOCUMENTS)
    keys = ["email", "ssn", "e-mail"]
    written = getattr(module, f"{engine}__json_values_of_keys")(f"({documents}) as d", "doc", keys)
    return str(written)
