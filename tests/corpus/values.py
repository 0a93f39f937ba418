"""Made-up personal values and what only looks like them, and how well they are told apart.

`python -m tests.corpus.values` prints precision and recall on ten thousand texts.
"""

from __future__ import annotations

import argparse
import random
import sys
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from pii_lint.data.values import luhn, mod97
from pii_lint.guard import find

Made = tuple[str, str]
"""The pattern and a text; for a lookalike, what it is."""

DOMAINS = ["example.com", "mail.example.org", "x.de", "firma.co.uk", "müller.de", "web-mail.io"]
NAMES = ["ann", "bo.roe", "c_d", "erika.musterfrau", "o'brien", "x+shop", "jörg", "a1", "MAX"]
FRAMES = [
    "{}",
    "{}",
    "note: {}",
    "please see {} thanks",
    "<{}>",
    "({})",
    "{}.",
    "a={};b=1",
    "x {}, y",
]
SPOKEN = ["call {}", "phone: {}", "tel. {}", "my mobile is {}", "call me at {}", "fax no. {}"]


def _digits(chance: random.Random, count: int) -> str:
    return "".join(chance.choices("0123456789", k=count))


def _email(chance: random.Random) -> str:
    return f"{chance.choice(NAMES)}{chance.randrange(100)}@{chance.choice(DOMAINS)}"


def _phone(chance: random.Random) -> str:
    area, line = f"{chance.randrange(201, 990)}", _digits(chance, 4)
    office = f"{chance.randrange(200, 999)}"
    return chance.choice(
        [
            f"+1-{area}-{office}-{line}",
            f"+1 ({area}) {office}-{line}",
            f"({area}) {office}-{line}",
            f"{area}-{office}-{line}",
            f"{area}.{office}.{line}",
            f"{area} {office} {line}",
            f"{office}-{line}",
            f"+49 {chance.randrange(151, 179)} {_digits(chance, 8)}",
            f"+44 20 {_digits(chance, 4)} {_digits(chance, 4)}",
            f"+33{chance.randrange(1, 9)}{_digits(chance, 8)}",
            f"0{chance.randrange(151, 179)}/{_digits(chance, 7)}",
            " ".join(["06", *(_digits(chance, 2) for _ in range(4))]),
        ]
    )


def _ssn(chance: random.Random) -> str:
    parts = f"{chance.randrange(1, 900):03}", f"{chance.randrange(1, 99):02}", _digits(chance, 4)
    return chance.choice(["-", "-", "-", " "]).join(parts)


def _card(chance: random.Random) -> str:
    begun = chance.choice(["4", "51", "55", "2221", "6011", "65", "3530", "34", "37"])
    length = 15 if begun in ("34", "37") else 16
    body = begun + _digits(chance, length - len(begun) - 1)
    number = next(body + digit for digit in "0123456789" if luhn(body + digit))
    gap = chance.choice(["", "", " ", "-"])
    cuts = (4, 10, 15) if length == 15 else (4, 8, 12, 16)
    starts = (0, *cuts)
    return gap.join(number[start:end] for start, end in zip(starts, cuts, strict=False))


def _iban(chance: random.Random) -> str:
    country, length = chance.choice([("DE", 22), ("FR", 27), ("AT", 20), ("ES", 24), ("NL", 18)])
    bank = "ABNA" if country == "NL" else ""
    body = bank + _digits(chance, length - 4 - len(bank))
    number = next(f"{country}{n:02}{body}" for n in range(2, 99) if mod97(f"{country}{n:02}{body}"))
    if chance.random() < 0.5:
        number = " ".join(number[at : at + 4] for at in range(0, length, 4))
    return number


def _ip(chance: random.Random) -> str:
    if chance.random() < 0.7:
        first = chance.choice([8, 10, 81, 93, 192, 203])
        return ".".join(map(str, (first, *(chance.randrange(256) for _ in range(3)))))
    groups = [f"{chance.randrange(1, 65536):x}" for _ in range(7)]
    return chance.choice([":".join(["2001", *groups]), f"2a02:{groups[0]}::{groups[1]}"])


PERSONAL: dict[str, Callable[[random.Random], str]] = {
    "email": _email,
    "phone": _phone,
    "ssn": _ssn,
    "card": _card,
    "iban": _iban,
    "ip": _ip,
}


def _moment(chance: random.Random) -> datetime:
    return datetime.fromtimestamp(chance.randrange(1_500_000_000, 1_900_000_000), UTC)


def _failing(chance: random.Random, make: Callable[[random.Random], str]) -> str:
    """The same with one digit changed, so that the check digits don't hold."""
    value = make(chance)
    at = max(at for at, char in enumerate(value) if char.isdigit())
    return value[:at] + str((int(value[at]) + 1) % 10) + value[at + 1 :]


LOOKALIKES: dict[str, Callable[[random.Random], str]] = {
    "date": lambda c: _moment(c).strftime(
        c.choice(["%Y-%m-%d", "%d.%m.%Y", "%m/%d/%Y", "%d-%m-%Y"])
    ),
    "timestamp": lambda c: _moment(c).strftime(
        c.choice(
            [
                "%Y-%m-%dT%H:%M:%SZ",
                "%Y-%m-%d %H:%M:%S",
                "%Y-%m-%dT%H:%M:%S.123456+02:00",
                "%d.%m.%Y %H:%M",
            ]
        )
    ),
    "epoch seconds": lambda c: str(int(_moment(c).timestamp())),
    "epoch milliseconds": lambda c: str(int(_moment(c).timestamp() * 1000)),
    "order number": lambda c: c.choice(["{}", "#{}", "SO-{}", "order {}"]).format(
        c.randrange(10**7, 10**8)
    ),
    "parcel": lambda c: f"1Z999AA1{_digits(c, 10)}",
    "uuid": lambda c: str(uuid.UUID(int=c.getrandbits(128), version=4)),
    "digest": lambda c: f"{c.getrandbits(256):064x}",
    "identifier": lambda c: (
        "ch_"
        + "".join(c.choices("abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ123456789", k=24))
    ),
    "version": lambda c: (
        c.choice(["v", "version ", "Chrome/"])
        + ".".join(map(str, (c.randrange(200), 0, c.randrange(255), c.randrange(255))))
    ),
    "price": lambda c: c.choice(["{:.2f}", "EUR {:,.2f}", "{:.4f}"]).format(
        c.randrange(1, 10**8) / 100
    ),
    "range": lambda c: f"{c.randrange(1900, 2024)}-{c.randrange(2024, 2100)}",
    "coordinates": lambda c: f"{c.uniform(-90, 90):.6f}, {c.uniform(-180, 180):.6f}",
    "failing card": lambda c: _failing(c, _card),
    "failing iban": lambda c: _failing(c, _iban),
    "file": lambda c: c.choice(
        ["logo@2x.png", "pkg@1.12.3", "IMG_20240105_101112.jpg", "report-2024-01.pdf"]
    ),
    "words": lambda c: " ".join(
        c.choices(["blue", "linen", "shirt", "size", "42", "gift", "2", "at", "home", "100%"], k=5)
    ),
    "time": lambda c: f"{c.randrange(24):02}:{c.randrange(60):02}:{c.randrange(60):02}",
    "hardware": lambda c: ":".join(f"{c.randrange(256):02x}" for _ in range(6)),
    "local": lambda c: c.choice(["127.0.0.1", "::1", "255.255.255.0"]),
}


def personal(seed: int) -> Made:
    """A personal value that is to be found wherever it stands."""
    chance = random.Random(seed)
    pattern = chance.choice(list(PERSONAL))
    return pattern, PERSONAL[pattern](chance)


def lookalike(seed: int) -> Made:
    """A value that is to be spared."""
    chance = random.Random(seed)
    name = chance.choice(list(LOOKALIKES))
    return name, LOOKALIKES[name](chance)


class Text(NamedTuple):
    """A text of the set; `pattern` is None for a lookalike."""

    text: str
    pattern: str | None
    what: str


def texts(count: int, seed: int = 7) -> list[Text]:
    """Half of them hold a personal value, in a frame of words."""
    chance = random.Random(seed)
    made = []
    for number in range(count):
        frame = chance.choice(FRAMES)
        if number % 2:
            what, value = lookalike(chance.getrandbits(32))
            made.append(Text(frame.format(value), None, what))
            continue
        pattern, value = personal(chance.getrandbits(32))
        if pattern == "phone" and chance.random() < 0.2:
            # without any punctuation of its own, spoken for by the word before
            value, frame = _digits(chance, 3) + "5550" + _digits(chance, 3), chance.choice(SPOKEN)
        made.append(Text(frame.format(value), pattern, pattern))
    return made


class Score(NamedTuple):
    """How well one pattern is told."""

    pattern: str
    right: int
    missed: int
    false: int

    @property
    def precision(self) -> float:
        return self.right / max(self.right + self.false, 1)

    @property
    def recall(self) -> float:
        return self.right / max(self.right + self.missed, 1)


def scores(made: Sequence[Text]) -> tuple[list[Score], list[Text]]:
    """By pattern, and the texts that were told wrongly."""
    right: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    false: Counter[str] = Counter()
    wrong = []
    for text in made:
        found = {match.pattern for match in find(text.text)}
        wanted = {text.pattern} - {None}
        right.update(found & wanted)
        missed.update(wanted - found)
        false.update(found - wanted)
        if found != wanted:
            wrong.append(text)
    return [Score(name, right[name], missed[name], false[name]) for name in PERSONAL], wrong


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.corpus.values", description=__doc__)
    parser.add_argument("--texts", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    found, wrong = scores(texts(given.texts, given.seed))
    told = [
        "| pattern | found | missed | false | precision | recall |",
        "|---|---|---|---|---|---|",
    ]
    told += [
        f"| {one.pattern} | {one.right} | {one.missed} | {one.false} "
        f"| {one.precision:.4f} | {one.recall:.4f} |"
        for one in found
    ]
    kinds = Counter(text.what for text in wrong)
    told += [
        "",
        "told wrongly: " + (", ".join(f"{what} {n}" for what, n in kinds.most_common()) or "none"),
    ]
    sys.stdout.write("\n".join(told) + "\n")


if __name__ == "__main__":
    main()
