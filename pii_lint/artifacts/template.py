"""A dbt template, read as a plan of what it can render to: literal text, holes and branches.

Only the shape of the Jinja counts here. An expression is a hole that any text may fill; `if` and
`for` are branches that may be taken or not. Nothing is evaluated, so Jinja itself isn't needed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_OPEN = re.compile(r"\{\{|\{%|\{#")
_STRING = r"'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\""
_TOKEN = re.compile(_STRING + r"|[\[({]|[-+]?\}\}|[-+]?%\}|[\])}]", re.DOTALL)
_ASIDE = re.compile(_STRING + r"|\([^()]*\)", re.DOTALL)
_ASSIGNED = re.compile(r"(?<![=!<>])=(?!=)")
_WORD = re.compile(r"[-+]?\s*(\w*)")
_RAW_END = re.compile(r"\{%[-+]?\s*endraw\s*[-+]?%\}")
_CONFIG = re.compile(r"[-+]?\s*config\s*\(")
_SILENT = frozenset({"do", "set", "import", "from", "debug"})
_TRANSPARENT = frozenset({"with", "endwith", "autoescape", "endautoescape"})
_SWALLOWED = {"macro": False, "set": False, "call": True, "filter": True}
# blocks whose body doesn't stand where it is written; True where something else may stand there


class UnknownTagError(Exception):
    """The template holds a tag that this reader doesn't know, or one without its counterpart."""


@dataclass(slots=True)
class Text:
    """Literal text, and where it stands in the template."""

    at: int
    text: str


@dataclass(slots=True)
class Hole:
    """An expression, from its opening to its closing braces; any text may stand for it."""

    at: int
    end: int


@dataclass(slots=True)
class Fork:
    """A choice of where to go on."""

    to: list[int] = field(default_factory=list)


Step = Text | Hole | Fork


@dataclass(slots=True)
class _Block:
    name: str
    head: int
    # index of the fork that opens it
    start: int
    # index of its first step, or of the step to cut back to
    at: int
    # its place in the template
    leave: list[Fork] = field(default_factory=list)
    again: list[Fork] = field(default_factory=list)
    has_else: bool = False


def plan(template: str) -> list[Step]:
    """The steps of a template; the plan ends after the last one."""
    return _Planner(template).run()


class _Planner:
    def __init__(self, template: str) -> None:
        self._source = template
        # Jinja drops one line end at the end of a template
        self._end = len(template) - template.endswith("\n")
        self._steps: list[Step] = []
        self._blocks: list[_Block] = []

    def run(self) -> list[Step]:
        at, trim = 0, False
        while match := _OPEN.search(self._source, at, self._end):
            close, after, trims = self._tag(match)
            keep = self._source[match.end() : match.end() + 1] != "-"
            self._text(at, match.start(), left=trim, right=not keep)
            if match[0] == "{{":
                if not _CONFIG.match(self._source, match.end()):
                    self._steps.append(Hole(match.start(), after))
            elif match[0] == "{%":
                word = _WORD.match(self._source, match.end())
                name = word[1] if word else ""
                if name == "raw":
                    after, trims = self._raw(after, trims)
                else:
                    self._statement(name, match.start(), self._source[match.end() : close], after)
            at, trim = after, trims
        self._text(at, self._end, left=trim, right=False)
        if self._blocks:
            raise UnknownTagError
        return self._steps

    def _tag(self, match: re.Match[str]) -> tuple[int, int, bool]:
        """Where a tag's content ends, where the tag ends, and whether it trims what follows."""
        if match[0] == "{#":
            close = self._source.find("#}", match.end())
            if close < 0:
                raise UnknownTagError
            return close, close + 2, self._source[close - 1] == "-"
        ending = "}}" if match[0] == "{{" else "%}"
        depth, at = 0, match.end()
        while token := _TOKEN.search(self._source, at):
            piece, at = token[0], token.end()
            if piece in "[({":
                depth += 1
            elif piece[-1] in "])}":
                if depth == 0 and piece.endswith(ending):
                    return token.start(), token.end(), piece[0] == "-"
                if len(piece) > 1:
                    # two closing marks while a bracket is open: only the first closes it
                    at = self._source.index("}", token.start()) + 1
                depth = max(depth - 1, 0)
        raise UnknownTagError

    def _text(self, start: int, end: int, *, left: bool, right: bool) -> None:
        text = self._source[start:end]
        if left:
            start += len(text) - len(text.lstrip())
            text = text.lstrip()
        if right:
            text = text.rstrip()
        if text:
            self._steps.append(Text(start, text))

    def _raw(self, at: int, trim: bool) -> tuple[int, bool]:
        end = _RAW_END.search(self._source, at)
        if end is None:
            raise UnknownTagError
        self._text(at, end.start(), left=trim, right=end[0][2] == "-")
        return end.end(), end[0][-3] == "-"

    def _statement(self, name: str, at: int, content: str, after: int) -> None:
        if name in ("if", "for"):
            self._steps.append(Fork())
            here = len(self._steps)
            self._fork(here - 1).to.append(here)
            self._blocks.append(_Block(name, here - 1, here, at))
        elif name in ("elif", "else"):
            self._other(name)
        elif name in ("endif", "endfor"):
            self._close(name)
        elif name in ("break", "continue"):
            loop = next((block for block in reversed(self._blocks) if block.name == "for"), None)
            if loop is None:
                raise UnknownTagError
            fork = Fork()
            self._steps.append(fork)
            (loop.leave if name == "break" else loop.again).append(fork)
        elif name in _SWALLOWED and not (name == "set" and _assigns(content)):
            self._blocks.append(_Block(name, -1, len(self._steps), at))
        elif name[:3] == "end" and name[3:] in _SWALLOWED:
            block = self._top(name[3:])
            del self._steps[block.start :]
            if _SWALLOWED[block.name]:
                self._steps.append(Hole(block.at, after))
        elif name == "include":
            self._steps.append(Hole(at, after))
        elif name not in _SILENT and name not in _TRANSPARENT:
            raise UnknownTagError

    def _other(self, name: str) -> None:
        """`elif` and `else`: the branch before goes to the end; the fork gets one more way."""
        block = self._blocks[-1] if self._blocks else None
        if block is None or block.name not in ("if", "for") or block.has_else:
            raise UnknownTagError
        leave = Fork()
        self._steps.append(leave)
        (block.leave if block.name == "if" else block.again).append(leave)
        self._fork(block.head).to.append(len(self._steps))
        block.has_else = name == "else"

    def _close(self, name: str) -> None:
        block = self._top(name[3:])
        head = self._fork(block.head)
        if block.name == "for" and not block.has_else:
            self._steps.append(Fork([block.head]))
        after = len(self._steps)
        if block.name == "for" or not block.has_else:
            head.to.append(after)
        for fork in block.leave:
            fork.to.append(after)
        for fork in block.again:
            fork.to.append(block.head)

    def _top(self, name: str) -> _Block:
        if not self._blocks or self._blocks[-1].name != name:
            raise UnknownTagError
        return self._blocks.pop()

    def _fork(self, index: int) -> Fork:
        step = self._steps[index]
        if not isinstance(step, Fork):
            raise UnknownTagError
        return step


def _assigns(content: str) -> bool:
    """`set x = 1` stands alone; `set x` (or with a filter) opens a block."""
    return _ASSIGNED.search(_ASIDE.sub("", content)) is not None
