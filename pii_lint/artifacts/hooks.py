"""Hooks of models stand in the manifest as templates: the SQL that they may render to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from pii_lint.artifacts.model import Node, Project
from pii_lint.artifacts.template import Fork, Hole, Step, Text, UnknownTagError, plan
from pii_lint.data.statements import load_statement_words

HOLE = "jinja_hole"
"""Stands for text that only a run of dbt knows."""
SILENCE = "jinja_silence"
"""Stands where a macro is called that writes to no relation."""
MOST_WAYS = 32
"""Ways through a template's branches that are looked at one by one."""

_TAG = re.compile(r"\{[{%].*?[}%]\}", re.DOTALL)
_CONFIG = re.compile(
    r"\{\{-?\s*config\s*\((?:'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"|[^'\"])*?\)\s*-?\}\}", re.DOTALL
)
# hooks among it are read as hooks
_ASIDE = re.compile(r"\{#.*?#\}", re.DOTALL)
_STRING = re.compile(r"'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"", re.DOTALL)
_CALL = re.compile(r"(?<![|\w.])(?<!\|\s)([A-Za-z_][\w.]*)\s*\(")
_WORD = r"['\"]([^'\"]*)['\"]"
_REF = re.compile(
    rf"ref\(\s*{_WORD}(?:\s*,\s*{_WORD})?(?:\s*,\s*v(?:ersion)?\s*=\s*['\"]?([\w.]+)['\"]?)?\s*\)"
)
_SOURCE = re.compile(rf"source\(\s*{_WORD}\s*,\s*{_WORD}\s*\)")
_THIS = re.compile(r"this(?:\.(database|schema|identifier|name|table))?")
_OUTSIDE = re.compile(r"\b(?:env_)?var\s*\(")
_METHODS = frozenset({"adapter", "builtins", "context"})
# objects of dbt whose methods may run SQL; those of other values don't
_TEXTLESS = frozenset({"log", "print", "return"})
# what they are given doesn't stand in the text


@dataclass(frozen=True, slots=True)
class Rendered:
    """What a template may render to."""

    ways: tuple[str, ...]
    # SQL, one text for each way through the branches
    lost: str | None
    # why it can't be taken at its word


@dataclass(frozen=True, slots=True)
class Run:
    """What a template runs while dbt renders it."""

    asked: str
    # as the project says it; macros of packages name no column of a project
    whole: str


class HookReader:
    """Reads the templates of one project's hooks; nothing in them is run."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._words = load_statement_words()
        writing = "|".join(word.replace(" ", r"\s+") for word in self._words.writing)
        self._writing = re.compile(rf"(?<![.\w])(?:{writing})\b", re.IGNORECASE)
        self._named: dict[str, list[Node]] = {}
        self._sources: dict[str, list[Node]] = {}
        for node in project.nodes.values():
            if node.resource_type in ("model", "seed", "snapshot"):
                self._named.setdefault(node.name, []).append(node)
            elif node.resource_type == "source":
                ending = ".".join(node.unique_id.split(".")[2:])
                self._sources.setdefault(ending, []).append(node)
        self._running: dict[str, bool] = {}
        self._packages = {macro.split(".")[1] for macro in project.macros if "." in macro}

    def render(self, template: str, node: Node) -> Rendered:
        """The texts that a node's hook may come to."""
        if "{{" not in template and "{%" not in template:
            return Rendered((_ASIDE.sub(" ", template),), None)
        try:
            steps = plan(template)
        except UnknownTagError:
            return self._flat(template, node)
        paths = _paths(steps)
        if paths is None:
            return self._flat(template, node)
        texts = ("".join(self._text(step, template, node) for step in path) for path in paths)
        lost = "it calls what may write" if self._loud(template, steps, node) else None
        return Rendered(tuple(dict.fromkeys(texts)), lost)

    def run(self, template: str, node: Node) -> Run | None:
        """What a template may run while dbt renders it: that stands in no compiled SQL. None where
        it runs nothing."""
        if not any(self._runs(macro) for macro in node.depends_on_macros):
            return None
        template = _CONFIG.sub(" ", template)
        tags = _TAG.findall(template)
        called = {name: self._macro(name, node) for tag in tags for name in _calls(tag)}
        running = {
            name
            for name, macro in called.items()
            if name in self._words.running or (macro is not None and self._runs(macro))
        }
        if not running:
            return None
        if running & self._words.running:
            # what it is given may stand in a block of its own
            texts = [_outside(template)]
        else:
            texts = [tag for tag in tags if running.intersection(_calls(tag))]
        reached = {macro for name in running if (macro := called[name]) is not None}
        waiting = list(reached)
        while waiting:
            for below in self._project.macro_depends_on.get(waiting.pop(), ()):
                if below not in reached and self._runs(below):
                    reached.add(below)
                    waiting.append(below)
        own = {self._project.name, node.package}
        theirs: list[str] = []
        for macro in sorted(reached):
            _, package, name = (*macro.split(".", 2), "", "")[:3]
            if name not in self._words.running:
                (texts if package in own else theirs).append(self._project.macros.get(macro, ""))
        asked = _ASIDE.sub(" ", "\n".join(texts))
        return Run(asked, "\n".join((asked, *(_ASIDE.sub(" ", text) for text in theirs))))

    def writes(self, text: str) -> bool:
        """True for a text with a word in it by which data is written."""
        return self._writing.search(text) is not None

    def _runs(self, macro: str) -> bool:
        """True for a macro that runs SQL by itself, or by those that it calls."""
        if macro not in self._running:
            seen: set[str] = set()
            waiting = [macro]
            while waiting:
                each = waiting.pop()
                if each in seen or self._looked_at(each):
                    continue
                seen.add(each)
                waiting += self._project.macro_depends_on.get(each, ())
            self._running[macro] = any(
                each.rpartition(".")[2] in self._words.running for each in seen
            )
        return self._running[macro]

    def _looked_at(self, macro: str) -> bool:
        name = macro.partition(".")[2]
        return any(fnmatchcase(name, pattern) for pattern in self._words.known)

    def _flat(self, template: str, node: Node) -> Rendered:
        """What can't be taken apart, with holes for its tags: enough to see what it names."""
        flat = _TAG.sub(lambda tag: self._rendered(tag[0], node), template)
        return Rendered((flat,), "its template can't be taken apart")

    def _text(self, step: Step, template: str, node: Node) -> str:
        if isinstance(step, Text):
            return step.text
        return self._rendered(template[step.at : step.end], node) if isinstance(step, Hole) else ""

    # --- expressions ------------------------------------------------------------------------------

    def _rendered(self, tag: str, node: Node) -> str:
        inner = tag[2:-2].strip("-+ \t\r\n")
        if tag.startswith("{{"):
            known = self._relation(inner, node)
            if known is not None:
                return known
        quiet = any(
            name in _TEXTLESS or name in self._words.running or self._macro(name, node) is not None
            for name in _calls(inner)
        )
        return SILENCE if quiet else HOLE

    def _relation(self, inner: str, node: Node) -> str | None:
        """What an expression says that names a relation, or a part of this one's name."""
        if match := _THIS.fullmatch(inner):
            parts = {None: node.relation_name, "database": node.database, "schema": node.schema}
            return parts.get(match[1], node.alias)
        if match := _REF.fullmatch(inner):
            package, name = (match[1], match[2]) if match[2] else (None, match[1])
            meant = [
                each
                for each in self._named.get(name, ())
                if package in (None, each.package)
                and (match[3] is None or each.unique_id.endswith(f".v{match[3]}"))
            ]
            return _nearest(meant, node)
        if match := _SOURCE.fullmatch(inner):
            return _nearest(self._sources.get(f"{match[1]}.{match[2]}", []), node)
        return None

    # --- macros -----------------------------------------------------------------------------------

    def _loud(self, template: str, steps: Sequence[Step], node: Node) -> bool:
        """True unless all that a template calls is known to write nothing."""
        tags = _ASIDE.sub(" ", _outside(template, steps))
        called = [name for name in _calls(tags) if name.lower() not in self._words.silent]
        if not called:
            return False
        macros = self._reached(called, node)
        if macros is None:
            return True
        texts = [_ASIDE.sub(" ", self._project.macros[macro]) for macro in macros]
        runs = any(name in self._words.running for name in called) or any(
            name in self._words.running for text in texts for name in _calls(text)
        )
        # what runs SQL may be given any of the template's text
        texts.append(template if runs else tags)
        return any(self._writing.search(text) for text in texts) or (
            runs and any(_OUTSIDE.search(text) for text in texts)
        )

    def _reached(self, called: Iterable[str], node: Node) -> set[str] | None:
        """The macros behind these names, and all that they call; None where one isn't there."""
        reached: set[str] = set()
        waiting: list[str] = []
        for name in called:
            head = name.partition(".")[0]
            if name in self._words.running:
                continue
            macro = self._macro(name, node)
            if macro is not None:
                waiting.append(macro)
            elif head == name or head in _METHODS or head in self._packages:
                return None
        while waiting:
            macro = waiting.pop()
            name = macro.partition(".")[2]
            plain = name.rpartition(".")[2]
            if macro in reached or plain in self._words.running:
                continue
            if self._looked_at(macro):
                continue
            if macro not in self._project.macros:
                return None
            reached.add(macro)
            waiting += self._project.macro_depends_on.get(macro, ())
        return reached

    def _macro(self, name: str, node: Node) -> str | None:
        if "." in name:
            macro = f"macro.{name}"
            return macro if macro in self._project.macros else None
        adapter = f"dbt_{self._project.adapter_type}"
        for package in (node.package, self._project.name, adapter, "dbt"):
            if f"macro.{package}.{name}" in self._project.macros:
                return f"macro.{package}.{name}"
        return None


def _calls(code: str) -> Iterator[str]:
    """Names that are called, filters apart."""
    for match in _CALL.finditer(_STRING.sub("''", code)):
        yield match[1]


def _outside(template: str, steps: Sequence[Step] | None = None) -> str:
    """A template without the text that surely is SQL of its own."""
    if steps is None:
        try:
            steps = plan(template)
        except UnknownTagError:
            return template
    tags, at = "", 0
    for step in steps:
        if isinstance(step, Text):
            tags += template[at : step.at] + " "
            at = step.at + len(step.text)
    return tags + template[at:]


def _nearest(meant: Sequence[Node], node: Node) -> str | None:
    """The relation that a reference means; None where that isn't sure."""
    for choice in (
        [each for each in meant if each.unique_id in node.depends_on],
        [each for each in meant if each.package == node.package],
        meant,
    ):
        if len(choice) == 1:
            return choice[0].relation_name
    return None


def _paths(steps: Sequence[Step]) -> list[list[Step]] | None:
    """Every way from the first step to the end, a loop's body once or not at all; None where there
    are too many."""
    found: list[list[Step]] = []
    waiting: list[tuple[int, list[Step], dict[int, int]]] = [(0, [], {})]
    while waiting:
        at, path, visits = waiting.pop()
        while at < len(steps):
            step = steps[at]
            if not isinstance(step, Fork):
                path = [*path, step]
                at += 1
                continue
            visits = {**visits, at: visits.get(at, 0) + 1}
            if visits[at] <= 2:
                waiting += [(to, path, visits) for to in reversed(step.to)]
            break
        else:
            found.append(path)
        if len(found) > MOST_WAYS or len(waiting) > MOST_WAYS:
            return None
    return found
