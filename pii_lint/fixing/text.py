"""Small edits of a YAML file's text: what isn't edited keeps every byte, comments and quoting
included.

NOTE: ruamel.yaml was left, for it writes the whole file anew: other indentation of lists, spaces in
flow style and folded lines would all be in the user's diff.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence

import yaml

from pii_lint.artifacts.project_dir import loader
from pii_lint.fixing.trees import Refused, Tree, is_items, is_words, plain, with_tree, without

_BOM = "\ufeff"
_OTHER_BREAKS = re.compile(r"\r(?!\n)|[\x85\u2028\u2029]")
_ALIAS = re.compile(r"\s*:\s*\*[^\s,\]}]+")
_COMMENT = re.compile(r"(?:^|\s)#", re.MULTILINE)
_PLAIN = re.compile(r"[A-Za-z_][\w.]*", re.ASCII)
_FIRST = ("name", "v", "description", "identifier", "data_type", "quote")
"""Keys that stand in front of what is added."""

Pair = tuple[yaml.Node, yaml.Node]


def rewritten(text: str, put: Tree, drop: Tree) -> str:
    """The text with what one tree holds and without what the other does. Raises `Refused`."""
    mark = _BOM if text.startswith(_BOM) else ""
    body = text.removeprefix(_BOM)
    before = _loaded(body)
    wanted = with_tree(before, put)
    if wanted != before:
        if before is None and not body.strip():
            wanted = with_tree({"version": 2}, put)
            body = _held_to(wanted, _new(put))
        else:
            body = _held_to(wanted, _Sheet(body).putting(put))
    rest = without(wanted, drop)
    if rest != wanted:
        body = _held_to(rest, _Sheet(body).dropping(drop))
    return mark + body


def loaded(text: str) -> object:
    """What a file says, aliases written out. Raises `Refused`."""
    return _loaded(text.removeprefix(_BOM))


def _loaded(text: str) -> object:
    if _OTHER_BREAKS.search(text):
        raise Refused("it holds line ends that few programs know")
    try:
        return plain(yaml.load(text, Loader=loader()))  # noqa: S506 - a safe one
    except (yaml.YAMLError, ValueError, TypeError) as wrong:
        raise Refused(f"it isn't YAML that can be read{_where(wrong)}") from None
    except RecursionError:
        raise Refused("it nests too deep, or an anchor holds itself") from None


def _where(wrong: Exception) -> str:
    mark = wrong.problem_mark if isinstance(wrong, yaml.MarkedYAMLError) else None
    return f" (line {mark.line + 1})" if mark is not None else ""


def _held_to(wanted: object, text: str) -> str:
    """The edited text, if it says just what was wanted."""
    try:
        same = _loaded(text) == wanted
    except Refused:
        same = False
    if not same:
        raise Refused("anchors or unusual YAML stand where the edit would be")
    return text


def _new(tree: Tree) -> str:
    lines = ["version: 2"]
    for key, value in tree.items():
        lines += ["", *_block(key, value, 2)]
    return "\n".join(lines) + "\n"


class _Sheet:
    """A text, its marks, and the edits collected so far."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._newline = "\r\n" if "\r\n" in text else "\n"
        self._starts = [0, *(found.end() for found in re.finditer("\n", text))]
        self._edits: list[tuple[int, int, str]] = []
        root = yaml.compose(text, Loader=loader())
        if not isinstance(root, yaml.MappingNode):
            raise Refused("it holds no mapping")
        self._root = root
        self._dash = _dash(root)

    def putting(self, tree: Tree) -> str:
        """The text with what the tree holds."""
        self._put(self._root, tree)
        return self._edited()

    def dropping(self, tree: Tree) -> str:
        """The text without what the tree holds."""
        self._drop(self._root, tree)
        return self._edited()

    def _edited(self) -> str:
        pieces: list[str] = []
        at = 0
        for start, end, new in sorted(self._edits, key=lambda edit: edit[0]):
            if start < at and not new:
                # lines that go with the ones in front of them
                at = max(at, end)
                continue
            if start < at:
                raise Refused("two edits would meet in one place, as with anchors")
            pieces += [self._text[at:start], new]
            at = end
        return "".join([*pieces, self._text[at:]])

    def _put(self, owner: yaml.MappingNode, tree: Tree) -> None:
        missing: dict[str, object] = {}
        for key, value in tree.items():
            pair = _pair(owner, key)
            if pair is None:
                missing[key] = value
            elif _is_empty(pair[1]):
                self._fill(owner, pair, key, value)
            elif isinstance(value, Mapping):
                if not isinstance(pair[1], yaml.MappingNode):
                    raise Refused(f"`{key}` holds no keys")
                self._put(pair[1], value)
            elif is_items(value):
                self._put_items(pair[1], key, value)
            elif is_words(value):
                self._put_words(pair[1], value)
            else:
                self._replace(pair[1], value)
        if missing:
            self._add(owner, missing)

    def _add(self, owner: yaml.MappingNode, missing: Tree) -> None:
        if owner.flow_style:
            text = ", ".join(f"{key}: {_flow(value)}" for key, value in missing.items())
            if owner.value:
                self._insert(self._end(_before(owner)), f", {text}")
            else:
                self._insert(self._at(owner.start_mark) + 1, text)
            return
        # an anchor or a tag may stand in front of a mapping
        indent = owner.value[0][0].start_mark.column
        for key, value in missing.items():
            # a list of columns is long, and stands last
            pair = owner.value[-1] if is_items(value) else _before(owner)
            lines = _block(key, value, self._dash)
            gap = self._newline if owner is self._root else ""
            self._insert(self._line_end(self._end(pair)), gap + self._lines(lines, indent))

    def _fill(self, owner: yaml.MappingNode, pair: Pair, key: str, value: object) -> None:
        if owner.flow_style or not isinstance(value, Mapping | list):
            raise Refused(f"nothing stands behind `{key}`")
        end = self._line_end(self._at(pair[0].end_mark))
        lines = _block(key, value, self._dash)
        if len(lines) > 1:
            self._insert(end, self._lines(lines[1:], owner.value[0][0].start_mark.column))
        else:
            colon = self._text.index(":", self._at(pair[0].end_mark)) + 1
            self._insert(colon, lines[0].removeprefix(f"{key}:"))

    def _put_items(self, holder: yaml.Node, key: str, items: Sequence[Tree]) -> None:
        if not isinstance(holder, yaml.SequenceNode):
            raise Refused(f"`{key}` holds no list")
        for item in items:
            found = _item(holder, str(item["name"]))
            if found is not None:
                self._put(found, {k: v for k, v in item.items() if k != "name"})
            elif holder.flow_style:
                self._append_flow(holder, _flow(item))
            else:
                last = holder.value[-1]
                short = isinstance(last, yaml.MappingNode) and last.flow_style
                lines = [f"- {_flow(item)}"] if short else _dashed(item, self._dash)
                end = self._line_end(self._inner_end(last))
                self._insert(end, self._lines(lines, holder.start_mark.column))

    def _put_words(self, holder: yaml.Node, words: Sequence[str]) -> None:
        if isinstance(holder, yaml.ScalarNode):
            start, end = self._at(holder.start_mark), self._at(holder.end_mark)
            missing = [word for word in words if word != holder.value]
            if missing:
                held = self._text[start:end]
                self._edits.append((start, end, f"[{', '.join([held, *map(_scalar, missing)])}]"))
            return
        if not isinstance(holder, yaml.SequenceNode):
            raise Refused("`tags` hold no list")
        there = {item.value for item in holder.value if isinstance(item, yaml.ScalarNode)}
        for word in words:
            if word in there:
                continue
            if holder.flow_style:
                self._append_flow(holder, _scalar(word))
            else:
                end = self._line_end(self._inner_end(holder.value[-1]))
                self._insert(end, self._lines([f"- {_scalar(word)}"], holder.start_mark.column))

    def _append_flow(self, holder: yaml.SequenceNode, text: str) -> None:
        if holder.value:
            self._insert(self._inner_end(holder.value[-1]), f", {text}")
        else:
            start = self._at(holder.start_mark) + 1
            again = any(edit[0] == start for edit in self._edits)
            self._insert(start, f", {text}" if again else text)

    def _replace(self, holder: yaml.Node, value: object) -> None:
        if not isinstance(holder, yaml.ScalarNode) or holder.style in ("|", ">"):
            raise Refused("a value that has to change is no plain word")
        start, end = self._at(holder.start_mark), self._at(holder.end_mark)
        if yaml.load(self._text[start:end], Loader=loader()) != value:  # noqa: S506 - a safe one
            self._edits.append((start, end, _scalar(value)))

    def _drop(self, owner: yaml.MappingNode, tree: Tree) -> None:
        gone: list[str] = []
        for key, part in tree.items():
            pair = _pair(owner, key)
            if pair is None:
                continue
            held = pair[1]
            if is_items(part) and isinstance(held, yaml.SequenceNode):
                for item in part:
                    found = _item(held, str(item["name"]))
                    if found is not None:
                        self._drop(found, {k: v for k, v in item.items() if k != "name"})
            elif _empties(held, part):
                gone.append(key)
            elif isinstance(part, Mapping) and isinstance(held, yaml.MappingNode):
                self._drop(held, part)
            elif is_words(part) and isinstance(held, yaml.MappingNode):
                self._cut_pairs(held, part)
            elif is_words(part) and isinstance(held, yaml.SequenceNode):
                self._cut_items(held, part)
        self._cut_pairs(owner, gone)

    def _cut_pairs(self, owner: yaml.MappingNode, keys: Collection[str]) -> None:
        spans = [(self._at(pair[0].start_mark), self._end(pair)) for pair in owner.value]
        self._cut(spans, [_key(pair) in keys for pair in owner.value], bool(owner.flow_style))

    def _cut_items(self, holder: yaml.SequenceNode, words: Collection[str]) -> None:
        spans = [(self._at(item.start_mark), self._inner_end(item)) for item in holder.value]
        going = [isinstance(i, yaml.ScalarNode) and i.value in words for i in holder.value]
        self._cut(spans, going, bool(holder.flow_style), lead="-")

    def _cut(
        self, spans: list[tuple[int, int]], going: list[bool], flow: bool, lead: str = ""
    ) -> None:
        if not flow:
            for (start, end), goes in zip(spans, going, strict=True):
                if goes:
                    self._cut_lines(start, end, lead)
            return
        at = 0
        while at < len(spans):
            last = at
            while last < len(spans) and going[last]:
                last += 1
            if last > at and at > 0:
                self._take(spans[at - 1][1], spans[last - 1][1])
            elif last > at and last < len(spans):
                self._take(spans[0][0], spans[last][0])
            at = last + 1

    def _cut_lines(self, start: int, end: int, lead: str) -> None:
        first = self._text.rfind("\n", 0, start) + 1
        if self._text[first:start].strip() != lead:
            raise Refused("what has to go stands first in its item")
        after = self._text.find("\n", end)
        if after < 0:
            self._take(first - len(self._newline) if first else 0, len(self._text))
        else:
            self._take(first, after + 1)

    def _take(self, start: int, end: int) -> None:
        if _COMMENT.search(self._text, start, end):
            raise Refused("a comment stands beside what has to go")
        self._edits.append((start, end, ""))

    def _insert(self, at: int, text: str) -> None:
        self._edits.append((at, at, text))

    def _lines(self, lines: Sequence[str], indent: int) -> str:
        return "".join(f"{self._newline}{' ' * indent}{line}" for line in lines)

    def _line_end(self, at: int) -> int:
        """Behind the last letter of the line, a comment included."""
        end = self._text.find("\n", at)
        end = len(self._text) if end < 0 else end
        return end - 1 if self._text[end - 1 : end] == "\r" else end

    def _end(self, pair: Pair) -> int:
        """Where a key and its value end."""
        key = self._at(pair[0].end_mark)
        if self._at(pair[1].start_mark) < key:
            # an alias: the value is written elsewhere
            alias = _ALIAS.match(self._text, key)
            return alias.end() if alias else key
        return max(key, self._inner_end(pair[1]))

    def _inner_end(self, node: yaml.Node) -> int:
        """Where a value's last letter is: a block's own mark lies behind comments that follow."""
        if isinstance(node, yaml.MappingNode) and not node.flow_style and node.value:
            return self._end(node.value[-1])
        if isinstance(node, yaml.SequenceNode) and not node.flow_style and node.value:
            return self._inner_end(node.value[-1])
        start, end = self._at(node.start_mark), self._at(node.end_mark)
        if isinstance(node, yaml.ScalarNode) and node.style in ("|", ">"):
            return start + len(self._text[start:end].rstrip())
        return end

    def _at(self, mark: yaml.Mark) -> int:
        return self._starts[mark.line] + mark.column if mark.line < len(self._starts) else 0


def _dash(root: yaml.MappingNode) -> int:
    """How far this file indents a list below its key."""
    for key, value in root.value:
        if isinstance(value, yaml.SequenceNode) and not value.flow_style:
            indent: int = value.start_mark.column - key.start_mark.column
            return max(indent, 0)
    return 2


def _before(owner: yaml.MappingNode) -> Pair:
    """The pair behind which something is added."""
    pairs: list[Pair] = owner.value
    return next((pair for pair in reversed(pairs) if _key(pair) in _FIRST), pairs[-1])


def _pair(owner: yaml.MappingNode, key: str) -> Pair | None:
    return next((pair for pair in owner.value if _key(pair) == key), None)


def _key(pair: Pair) -> str | None:
    return pair[0].value if isinstance(pair[0], yaml.ScalarNode) else None


def _item(holder: yaml.SequenceNode, name: str) -> yaml.MappingNode | None:
    for fold in (str, str.lower):
        for item in holder.value:
            pair = _pair(item, "name") if isinstance(item, yaml.MappingNode) else None
            if pair and isinstance(pair[1], yaml.ScalarNode):
                found: str = pair[1].value
                if fold(found) == fold(name):
                    return item if isinstance(item, yaml.MappingNode) else None
    return None


def _is_empty(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.start_mark.index == node.end_mark.index


def _empties(held: yaml.Node, part: object) -> bool:
    """True where nothing is left of a value without that part."""
    if isinstance(held, yaml.MappingNode):
        if isinstance(part, Mapping):
            return bool(held.value) and all(
                (key := _key(pair)) in part and _empties(pair[1], part[key]) for pair in held.value
            )
        return is_words(part) and bool(held.value) and all(_key(p) in part for p in held.value)
    if isinstance(held, yaml.SequenceNode):
        return (
            is_words(part)
            and bool(held.value)
            and all(isinstance(item, yaml.ScalarNode) and item.value in part for item in held.value)
        )
    return is_words(part) and held.value in part


def _block(key: str, value: object, dash: int) -> list[str]:
    """A key and its value as lines: lists of items and what holds collections below each other,
    the rest on one line."""
    if is_items(value) and value:
        lines = [line for item in value for line in _dashed(item, dash)]
        return [f"{key}:", *(" " * dash + line for line in lines)]
    if isinstance(value, Mapping) and any(isinstance(v, Mapping | list) for v in value.values()):
        lines = [line for k, v in value.items() for line in _block(k, v, dash)]
        return [f"{key}:", *(f"  {line}" for line in lines)]
    return [f"{key}: {_flow(value)}"]


def _dashed(item: Tree, dash: int) -> list[str]:
    lines = [line for key, value in item.items() for line in _block(key, value, dash)]
    return [f"- {lines[0]}", *(f"  {line}" for line in lines[1:])]


def _flow(value: object) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_flow(part)}" for key, part in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_flow(part) for part in value) + "]"
    return _scalar(value)


def _scalar(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    if _PLAIN.fullmatch(text) and yaml.load(text, Loader=loader()) == text:  # noqa: S506 - a safe one
        return text
    return json.dumps(text)
