"""Which node a relation's name means: what the warehouse calls it, not only what `ref()` says."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase

from pii_lint.artifacts.model import Node
from pii_lint.lineage import fold, parse_name
from pii_lint.lineage.summary import RelationName

Key = tuple[str, ...]
_WORD = re.compile(r"\w+")
_BORDERS = str.maketrans({chr(code): " " for code in range(128) if not _WORD.match(chr(code))})


def kept_in(place: str, files: Mapping[str, str]) -> list[str]:
    """The nodes whose files a path means, a pattern of paths, or a call that reads one."""
    quoted = re.findall(r"'([^']+)'", place)
    paths = [path.removeprefix("./") for path in quoted or [place] if "/" in path or "." in path]
    return [
        uid
        for uid, file in files.items()
        if any(_meet(path, file.removeprefix("./")) for path in paths)
    ]


def _meet(path: str, file: str) -> bool:
    """True where a path, or pattern of paths, may mean a file of a model, or lie in its folder."""
    end, name = path.rpartition("/")[2], file.rpartition("/")[2]
    if file.startswith("**/"):
        # nobody knows its folder
        folder = f"/{name.rpartition('.')[0]}/"
        return fnmatchcase(name, end) or folder in f"/{path}"
    if path.startswith(f"{file}/") or f"/{file}/" in path:
        return True
    if "*" in path:
        return fnmatchcase(file, path) or fnmatchcase(f"/{file}", f"*/{path}")
    return path == file or path.endswith(f"/{file}") or file.endswith(f"/{path}")


class Binder:
    """Matches names on three, two, then one part, folded like the engine does; by lower case only
    where nothing matches."""

    def __init__(self, nodes: Mapping[str, Node], dialect: str) -> None:
        self._dialect = dialect
        self._exact: dict[Key, list[str]] = {}
        self._loose: dict[Key, list[str]] = {}
        self._parts: dict[str, Key] = {}
        self._words: dict[str, set[str]] = {}
        for uid, node in nodes.items():
            if node.relation_name is None:
                continue
            name = parse_name(node.relation_name, dialect)
            self._parts[uid] = self._fold(name)
            lower = tuple(text.lower() for text, _ in name.parts)
            word = max(_WORD.findall(lower[-1].casefold()), key=len, default="")
            self._words.setdefault(word, set()).add(uid)
            for length in range(1, len(name.parts) + 1):
                self._exact.setdefault(self._parts[uid][-length:], []).append(uid)
                self._loose.setdefault(lower[-length:], []).append(uid)
        self._files = {uid: node.file for uid, node in nodes.items() if node.file}
        # a pattern of paths need not have their names in it
        self._words.setdefault("", set()).update(self._files)

    def _fold(self, name: RelationName) -> Key:
        return tuple(fold(text, quoted, self._dialect) for text, quoted in name.parts)

    def mentioned(self, text: str) -> set[str]:
        """The nodes whose relations a text, case folded, may name: none other has its name in
        it."""
        found = set(self._words.get("", ()))
        # the same words either way; nearly all texts are ASCII, and those are cut twice as fast
        words = text.translate(_BORDERS).split() if text.isascii() else _WORD.findall(text)
        for word in self._words.keys() & set(words):
            found |= self._words[word]
        return found

    def bind(self, name: RelationName, reader: str) -> tuple[str, ...]:
        """The nodes that own the relation; several where two own it, none where the manifest can't
        explain it."""
        owners = tuple(self._by_name(name, reader))
        if self._files and len(name.parts) == 1:
            kept = kept_in(name.parts[0][0], self._files)
            return tuple(dict.fromkeys((*owners, *kept)))
        return owners

    def _by_name(self, name: RelationName, reader: str) -> Iterable[str]:
        exact = self._fold(name)
        lower = tuple(text.lower() for text, _ in name.parts)
        for index, key in ((self._exact, exact), (self._loose, lower)):
            for length in range(min(len(key), 3), 0, -1):
                found = [
                    uid
                    for uid in index.get(key[-length:], ())
                    if length == len(key) or len(self._parts[uid]) <= length
                ]
                if found:
                    return self._nearest(found, length, reader)
        return ()

    def _nearest(self, found: list[str], length: int, reader: str) -> Iterable[str]:
        """Missing parts are the reader's own, if that leaves any."""
        own = self._parts.get(reader, ())
        for keep in range(len(own) - length, 0, -1):
            prefix = own[-length - keep : -length]
            near = [uid for uid in found if self._parts[uid][-length - keep : -length] == prefix]
            if near:
                return near
        return found
