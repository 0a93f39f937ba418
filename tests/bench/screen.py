"""`python -m tests.bench.screen`: how fast Layer 1 is beside plain JSON parsing, and on evil inputs.

One process, processor time. The payloads are made up after what payment services send.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from pii_lint.guard import Accepted, Rejected, find, screen_text

START = datetime(2025, 1, 1, tzinfo=UTC)
SOILED = 33
BATCH = 500


def shopify(chance: random.Random) -> dict[str, object]:
    at = START + timedelta(seconds=chance.randrange(30_000_000))
    return {
        "id": chance.randrange(4_500_000_000_000, 6_500_000_000_000),
        "admin_graphql_api_id": f"gid://shopify/Order/{chance.randrange(10**12, 10**13)}",
        "created_at": at.isoformat(),
        "processed_at": at.isoformat(),
        "currency": "EUR",
        "financial_status": "paid",
        "fulfillment_status": None,
        "landing_site": "/products/linen-shirt?utm_source=news&utm_campaign=spring",
        "order_number": chance.randrange(1000, 99_999),
        "subtotal_price": f"{chance.randrange(100, 90_000) / 100:.2f}",
        "total_tax": f"{chance.randrange(100, 9_000) / 100:.2f}",
        "taxes_included": True,
        "tags": "spring, linen",
        "test": False,
        "shipping": {"city": "Leipzig", "country_code": "DE"},
        "line_items": [
            {
                "id": chance.randrange(10**13, 10**14),
                "sku": f"SHIRT-{chance.randrange(1000)}-{chance.choice('SML')}",
                "title": "Linen shirt, natural",
                "quantity": chance.randrange(1, 4),
                "price": f"{chance.randrange(1000, 9000) / 100:.2f}",
                "grams": chance.randrange(900),
                "taxable": True,
            }
            for _ in range(2)
        ],
        "note": "gift wrap, please; the blue ribbon",
    }


def stripe(chance: random.Random) -> dict[str, object]:
    at = 1_735_700_000 + chance.randrange(30_000_000)
    token = "".join(
        chance.choices("abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ0123456789", k=24)
    )
    return {
        "id": f"evt_{token}",
        "object": "event",
        "api_version": "2024-06-20",
        "created": at,
        "type": "charge.succeeded",
        "livemode": True,
        "pending_webhooks": 1,
        "request": {
            "id": f"req_{token[:14]}",
            "idempotency_key": str(uuid.UUID(int=chance.getrandbits(128))),
        },
        "data": {
            "object": {
                "id": f"ch_{token}",
                "object": "charge",
                "amount": chance.randrange(100, 90_000),
                "amount_captured": chance.randrange(100, 90_000),
                "balance_transaction": f"txn_{token}",
                "captured": True,
                "created": at,
                "currency": "eur",
                "customer": f"cus_{token[:14]}",
                "description": "Subscription, monthly",
                "metadata": {"plan": "team", "seats": "12"},
                "outcome": {
                    "network_status": "approved_by_network",
                    "risk_level": "normal",
                    "risk_score": 7,
                    "seller_message": "Payment complete.",
                },
                "paid": True,
                "payment_method": f"pm_{token}",
                "status": "succeeded",
            }
        },
        "metadata": {
            "release": "2025.1.4",
            "region": "eu-central-1",
            "digest": f"{chance.getrandbits(160):040x}",
        },
    }


def payloads(count: int, seed: int = 7) -> list[bytes]:
    chance = random.Random(seed)
    return [json.dumps(chance.choice((shopify, stripe))(chance)).encode() for _ in range(count)]


def soiled(events: Sequence[bytes]) -> list[bytes]:
    """The same with a telephone number in every `SOILED`th, as a note that nobody expected."""
    spoken = b'"remark": "please call (555) 010-1234", '
    return [
        event if at % SOILED else event.replace(b"{", b"{" + spoken, 1)
        for at, event in enumerate(events)
    ]


def seconds(
    works: dict[str, Callable[[bytes], object]],
    events: Mapping[str, Sequence[bytes]],
    rounds: int = 7,
) -> dict[str, float]:
    """The best of some rounds for each batch of events, each work in turn.

    So all meet the same machine, and what else it does spoils a batch and not the whole.
    """
    took = dict.fromkeys(works, 0.0)
    best: dict[tuple[str, int], float] = {}
    for _ in range(rounds):
        for start in range(0, max(map(len, events.values())), BATCH):
            for name, work in works.items():
                batch = events[name][start : start + BATCH]
                begun = time.process_time()
                for event in batch:
                    work(event)
                spent = time.process_time() - begun
                best[name, start] = min(best.get((name, start), spent), spent)
    for (name, _), spent in best.items():
        took[name] += spent
    return took


EVIL: dict[str, Callable[[int], str]] = {
    "letters without @": lambda n: "a" * n,
    "a!a!a!": lambda n: "a!" * (n // 2),
    "@ in a row": lambda n: "@" * n,
    "a@a@a@": lambda n: "a@" * (n // 2),
    "a@b.b.b.b": lambda n: "a@" + "b." * (n // 2),
    "a@bbbb": lambda n: "a@" + "b" * n,
    "quotes": lambda n: '"' * n + "@",
    "digits": lambda n: "1" * n,
    "zeros with spaces": lambda n: "0 0 0 - " * (n // 8),
    "cards without proof": lambda n: "4111 1111 1111 1112 " * (n // 20),
    "accounts without proof": lambda n: "DE89370400440532013001" * (n // 22),
    "colons": lambda n: "a:" * (n // 2),
    "dots": lambda n: "1." * (n // 2),
    "%25%25": lambda n: "%25" * (n // 3),
    "&#38;": lambda n: "&#38;" * (n // 5),
    "backslashes": lambda n: "\\" * n,
    "base64": lambda n: "QUFB" * (n // 4),
    "=a=a": lambda n: "=a" * (n // 2),
    "brackets": lambda n: "[" * n,
    "zero width": lambda n: "\u200b" * n,
    "call me at": lambda n: "call me at " * (n // 11),
}


def evil() -> list[str]:
    """Time for each input at a size, ten times and a hundred times that."""
    rows = []
    for name, make in EVIL.items():
        taken = []
        for size in (2_000, 20_000, 200_000):
            text = make(size)
            begun = time.process_time()
            find(text)
            taken.append(time.process_time() - begun)
        rows.append(f"| {name} | " + " | ".join(f"{each * 1000:.1f}" for each in taken) + " |")
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.screen", description=__doc__)
    parser.add_argument("--events", type=int, default=10_000)
    events = payloads(parser.parse_args().events)
    size = sum(map(len, events)) / len(events)
    if not all(isinstance(screen_text(event), Accepted) for event in events):
        raise SystemExit("a clean payload was not accepted")
    # others than the clean ones, as short texts are known again
    dirty = soiled(payloads(len(events), seed=8))
    refused = sum(isinstance(screen_text(event), Rejected) for event in dirty)
    if refused != -(-len(events) // SOILED):
        raise SystemExit("a soiled payload was not rejected")
    works: dict[str, Callable[[bytes], object]] = {
        "`msgspec` alone": msgspec.json.Decoder().decode,
        "`json.loads` alone": json.loads,
        "`screen_text`, all clean": screen_text,
        f"`screen_text`, {refused / len(events):.0%} rejected": screen_text,
    }
    rows = seconds(works, {name: dirty if name.endswith("rejected") else events for name in works})
    plain = rows["`json.loads` alone"]
    told = [f"{len(events)} payloads of {size:.0f} bytes on average", ""]
    told += ["| | payloads a second | ratio to `json.loads` |", "|---|---|---|"]
    told += [
        f"| {name} | {len(events) / took:,.0f} | {took / plain:.1f} |"
        for name, took in rows.items()
    ]
    told += ["", "| evil input, ms at | 2 kB | 20 kB | 200 kB |", "|---|---|---|---|", *evil()]
    sys.stdout.write("\n".join(told) + "\n")


if __name__ == "__main__":
    main()
