"""Text as Markdown that shows it and nothing else."""

from __future__ import annotations

import re

from pii_lint.reports._repository import LONGEST_NAME, brief

_MEANING = re.compile(r"[\\`*_{}\[\]<>&|~!$]|^(?:[-+=]|\d+(?=[.)]))")
_CALLING = re.compile(r"\S*(?:[@#]|://|www\.)\S*")
# what a code host makes a mention or a link of, escaped or not; in a code span it doesn't


def code(text: str, most: int = LONGEST_NAME) -> str:
    """A code span."""
    line = brief(text, most)
    if not line:
        return ""
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", line)), default=0))
    pad = " " if "`" in line or line != line.strip() else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def cell(text: str, most: int = LONGEST_NAME) -> str:
    """A code span inside of a table, where a bar has to be escaped, and no backslash may stand
    before that."""
    return code(re.sub(r"\\+(?=\|)", r"\g<0> ", text), most).replace("|", "\\|")


def prose(text: str) -> str:
    """A sentence; what stands between backticks in it becomes code."""
    pieces = brief(text, 3 * LONGEST_NAME).split("`")
    if len(pieces) % 2 == 0:
        return _words("`".join(pieces))
    return "".join(
        code(piece) if number % 2 else _words(piece) for number, piece in enumerate(pieces)
    )


def _words(text: str) -> str:
    written, at = "", 0
    for found in _CALLING.finditer(text):
        written += _escaped(text[at : found.start()]) + code(found[0])
        at = found.end()
    return written + _escaped(text[at:])


def _escaped(text: str) -> str:
    return _MEANING.sub(_literal, text)


def _literal(found: re.Match[str]) -> str:
    # a digit, which would begin a list, knows no backslash
    text = found[0]
    return f"&#{ord(text[0])};{text[1:]}" if text[0].isdigit() else f"\\{text}"
