"""SQL/JSON paths that compute: `$.a == "x"`, `$.users[*] ? (@.name == "x")`, `$.a + $.b`."""

from __future__ import annotations

import re

from sqlglot import exp

_KEY = r"""\w+\b(?!\s*\()|"[^"\\]*\""""
_STEP = rf"""\s*\.\s*(?:{_KEY})|\s*\[\s*(?:"[^"\\]*"|'[^'\\]*'|[\d,*\s]|\bto\b|\blast\b)*\]"""
_CHAIN = re.compile(rf"\$(?:{_STEP})*")
_PLAIN = re.compile(rf"\s*\$(?:{_STEP}|\s*[.\[]\s*\*\s*\]?)*\s*")
_BESIDE = re.compile(
    r"""(?:\s|"(?:[^"\\]|\\.)*"|==|!=|<>|<=|>=|[<>!()+*/%-]|&&|\|\||-?\d+(?:\.\d+)?|\#"""
    r"""|\b(?:true|false|null|exists|like_regex|flag|starts|with|is|unknown)\b)*"""
)
"""What may stand beside the chains without reading anything of the document."""


_ROOT = re.compile(r"(?:^|[\s(!=<>+*/-])\$\s*(?:[.\[?=<>!+*/-]|$)")
"""Where a path begins; `$oid` and `price ($)` are keys."""


def computes(path: str) -> bool:
    """True for a path with a filter, an operator or a method: its text says no keys by itself."""
    return _ROOT.search(path) is not None and _PLAIN.fullmatch(path) is None


def asked(path: exp.Expr) -> list[exp.Expr] | None:
    """The plain paths that a computing one reads; None where a filter, a wildcard or a method reads
    who knows what."""
    if not isinstance(path, exp.Literal) or not path.is_string:
        return None
    text = re.sub(r"^\s*(?:lax|strict)\b", "", path.name)
    chains = _CHAIN.findall(text)
    # NOTE: a filter's `@`, a wildcard's `.*`, `**` and a method's `.size()` are no part of either
    beside = _CHAIN.sub("#", text)
    if not chains or "#" in text or _BESIDE.fullmatch(beside) is None:
        return None
    return [exp.Literal.string(chain) for chain in chains]
