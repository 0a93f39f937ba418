"""Which rules a run is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pii_lint.data.reading import named
from pii_lint.data.shape import nearest
from pii_lint.errors import ConfigError


def chosen(codes: Sequence[str], select: Sequence[str], ignore: Sequence[str]) -> frozenset[str]:
    """The codes that `--select` names (all, where it names none), without those of `--ignore`."""
    wanted = _named(codes, select, "--select") if select else frozenset(codes)
    left = wanted - _named(codes, ignore, "--ignore")
    if not left:
        raise ConfigError("--select and --ignore leave no rule to judge by: name one at least.")
    return left


def _named(codes: Sequence[str], words: Iterable[str], option: str) -> frozenset[str]:
    found: set[str] = set()
    for word in (part.strip() for words_ in words for part in words_.split(",")):
        fitting = [code for code in codes if word and code.startswith(word.upper())]
        if not fitting:
            prefixes = {code.rstrip("0123456789") for code in codes}
            hint = nearest(word, sorted({*codes, *prefixes}), case=str.upper)
            sentence = f"{option}: no rule's code begins with {named(word)}{hint}"
            raise ConfigError(sentence if hint else f"{sentence}; `pii-lint rules` lists them.")
        found.update(fitting)
    return frozenset(found)
