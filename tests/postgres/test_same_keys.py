"""Both layers find the same keys: what Python and PostgreSQL say to the same payloads."""

from __future__ import annotations

import json
import random
import sys
import unicodedata
from collections.abc import Iterator

import pytest

from pii_lint.data.payloads import blocked, blocklist
from tests.postgres.conftest import Templates
from tests.postgres.server import Database, Server, fresh

_SEPARATORS = (
    "_",
    "-",
    " ",
    ".",
    "",
    "__",
    "\t",
    '"',
    "\\",
    "/",
    "\n",
    "\u00a0",
    "\u2013",
    "\u200b",
)
_VALUES = (
    None,
    True,
    0,
    -1.5e-7,
    "",
    "email",
    '"email": 1',
    '{"ip": 2}',
    "\u00fc ssn",
    "x\\",
    "{ ",
)


@pytest.fixture(scope="module")
def shared(templates: Templates, postgres: Server) -> Iterator[Database]:
    with fresh(postgres, templates.guarded) as made:
        yield made


def keys_in(payload: object) -> set[str]:
    """What layer 1 says, at any depth."""
    if isinstance(payload, list):
        return set().union(*map(keys_in, payload))
    if not isinstance(payload, dict):
        return set()
    own = {found.name for key in payload if (found := blocked(key)) is not None}
    return own.union(*map(keys_in, payload.values()))


def spelled(chance: random.Random) -> str:
    """A listed key in some spelling, or a word that is near to one."""
    words = chance.choice(blocklist()).name.split("_")
    form = chance.randrange(8)
    if form == 0:
        words = [words[0], *(word.title() for word in words[1:])]
        return "".join(words)
    if form == 1:
        return chance.choice(_SEPARATORS).join(words).upper()
    if form == 2:
        # letters that only look different
        return "".join(
            chr(ord(each) + 0xFEE0) if each.isalpha() else each for each in "_".join(words)
        )
    if form == 3:
        place = chance.randrange(len(words[0]) + 1)
        return words[0][:place] + chance.choice("xé_й1ß\u0301 \u200d²") + words[0][place:]
    if form == 4:
        return chance.choice(("e", "my_", "ip", "un")) + "_".join(words)
    if form == 5:
        return "_".join(words) + chance.choice(("_hash", "s", "1", "!", ": ", '": ', "\\", "{"))
    return chance.choice(_SEPARATORS).join(words)


def made(chance: random.Random, depth: int = 0) -> object:
    """A payload, nested in some way."""
    if depth > 3 or chance.random() < 0.3:
        return chance.choice(_VALUES)
    if chance.random() < 0.3:
        return [made(chance, depth + 1) for _ in range(chance.randrange(4))]
    return {
        spelled(chance) if chance.random() < 0.15 else f"{chance.choice('abü ')}{n}": made(
            chance, depth + 1
        )
        for n in range(chance.randrange(5))
    }


def answers(database: Database, payloads: list[object]) -> list[tuple[bool, list[str]]]:
    """What layer 2 says, in one query."""
    with database.connect() as connection:
        rows = connection.execute(
            "select fn_detect_pii_keys(p::jsonb), fn_list_pii_keys(p::jsonb) "
            "from unnest(%s::text[]) with ordinality as given (p, place) order by place",
            ([json.dumps(each, ensure_ascii=False) for each in payloads],),
        ).fetchall()
    return [(bool(found), list(keys)) for found, keys in rows]  # type: ignore[call-overload]


def test_generated_payloads(shared: Database) -> None:
    chance = random.Random(20)
    payloads = [made(chance) for _ in range(600)]
    order = [key.name for key in blocklist()]
    wanted = [sorted(keys_in(payload), key=order.index) for payload in payloads]
    assert sum(map(bool, wanted)) > 50
    said = answers(shared, payloads)
    for payload, keys, (found, listed) in zip(payloads, wanted, said, strict=True):
        assert (found, listed) == (bool(keys), keys), payload


def test_spelled_keys(shared: Database) -> None:
    chance = random.Random(7)
    keys = sorted({spelled(chance) for _ in range(2000)})
    said = answers(shared, [{key: 1} for key in keys])
    assert {key for key, (found, _) in zip(keys, said, strict=True) if found} == {
        key for key in keys if blocked(key) is not None
    }


def test_every_character_between_the_letters(shared: Database) -> None:
    """The marks of other scripts are the one known difference: layer 2 lets such a key pass."""
    characters = [
        char
        for char in map(chr, range(1, sys.maxunicode + 1))
        if unicodedata.category(char) not in ("Cn", "Co", "Cs")
    ]
    # the database's own Unicode is older or newer than Python's by some characters
    sample = [each for each in characters if ord(each) < 0x3100] + characters[::397]
    said = answers(shared, [{f"em{char}ail": 1} for char in sample])
    differing = [
        char
        for char, (found, _) in zip(sample, said, strict=True)
        if found != (blocked(f"em{char}ail") is not None)
    ]
    assert [char for char in differing if blocked(f"em{char}ail") is None] == []
    assert [char for char in differing if ord(char) < 0x370] == []
    assert not any(char.isalnum() for char in differing)
    assert 0 < len(differing) < len(sample) / 10
