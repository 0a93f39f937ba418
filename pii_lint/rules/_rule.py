"""What a rule is: a check with a code, and a docstring that explains it to people."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pii_lint.findings import Confidence, Finding, Persona, Severity

if TYPE_CHECKING:
    from pii_lint.rules._facts import Facts

Check = Callable[["Facts"], Iterator[Finding]]

_HEADING = re.compile(r"^### (Flagged|Clean)(?:: *(.+))?$", re.MULTILINE)
_PARAGRAPH = re.compile(r"\*\*(Why|Fix)\.\*\*\s*(.+?)(?=\n\n|\n\*\*|\Z)", re.DOTALL)
_BLOCK = re.compile(r"^```\w*\n(.*?)^```", re.DOTALL | re.MULTILINE)
_FILE_NAME = re.compile(r"\A(?:--|#) *(\S+)\n")


@dataclass(frozen=True, slots=True)
class Example:
    """A small project that shows the rule; `body` is the Markdown as written."""

    flagged: bool
    title: str
    body: str

    @property
    def files(self) -> dict[str, str]:
        """The fenced blocks, by the path that the comment in their first line gives."""
        found: dict[str, str] = {}
        for block in _BLOCK.findall(self.body):
            name = _FILE_NAME.match(block)
            if name is not None:
                found[name.group(1)] = block
        return found


@dataclass(frozen=True, slots=True)
class Rule:
    """Declared once; the command line, the pages, the schema and the tests all read it here."""

    code: str
    name: str
    severity: Severity
    # where the policy's matrix doesn't set one
    confidence: Confidence
    persona: Persona
    since: str
    summary: str
    why: str
    fix: str
    examples: tuple[Example, ...]
    check: Check
    upstream: bool
    # what it says of a relation or an export depends on nothing but that, what it is made of, and
    # what queries ask of it by a name in no list

    @property
    def help_url(self) -> str:
        """The rule's page, from the repository's root: the tool knows no host."""
        return f"docs/rules/{self.code}.md"


def rule(
    code: str,
    *,
    severity: Severity = Severity.ERROR,
    confidence: Confidence = Confidence.HIGH,
    persona: Persona = Persona.DEFAULT,
    since: str,
    upstream: bool = False,
) -> Callable[[Check], Rule]:
    """Make a `Rule` of a check function and its docstring."""

    def declare(check: Check) -> Rule:
        text = inspect.getdoc(check) or ""
        head, *rest = _HEADING.split(text)
        paragraphs = {word: " ".join(body.split()) for word, body in _PARAGRAPH.findall(head)}
        return Rule(
            code=code,
            name=check.__name__.replace("_", "-"),
            severity=severity,
            confidence=confidence,
            persona=persona,
            since=since,
            summary=head.partition("\n")[0].strip(),
            why=paragraphs.get("Why", ""),
            fix=paragraphs.get("Fix", ""),
            examples=tuple(
                Example(word == "Flagged", title or "", body.strip("\n"))
                for word, title, body in zip(rest[::3], rest[1::3], rest[2::3], strict=True)
            ),
            check=check,
            upstream=upstream,
        )

    return declare
