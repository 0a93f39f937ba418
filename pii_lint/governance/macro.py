"""The access rules as a macro of the project, so that each build can restore what it lost."""

from __future__ import annotations

import json

from pii_lint.governance.dialects import Dialect
from pii_lint.governed import Access

_JINJA = {ord(mark): f"\\u{ord(mark):04x}" for mark in "{}%#"}
"""What could begin or end something of Jinja's, as JSON and Jinja both read it."""


def macro(access: Access, engine: Dialect) -> str:
    """`pii_lint_access()`, which gives the statements of one node; `reapply_access` runs them."""
    lines = [
        "{# Written by `pii-lint govern ddl --as-macro`; don't edit, generate it again. #}",
        "{% macro pii_lint_access(node) %}",
        "{%- set statements = {",
    ]
    for relation in sorted(access.relations, key=lambda one: one.node):
        if relation.node.startswith("source."):
            continue
        lines.append(f"    {_text(relation.node)}: [")
        lines += [f"        {_text(one)}," for one in engine.of_relation(access, relation)]
        lines.append("    ],")
    lines += ["} -%}", "{{ return(statements.get(node, [])) }}", "{% endmacro %}"]
    return "\n".join(lines) + "\n"


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False).translate(_JINJA)
