"""Regenerate the synthetic raw data: `python seeds/generate.py`; `--check` only compares.

Nobody in it exists. Every address, number and name is invented, or stands in a range reserved for
documentation: domains example.com and example.org, phones 555-01xx, social security numbers with
area 000 or 900 and above, networks 192.0.2.0/24, 198.51.100.0/24 and 203.0.113.0/24, postcodes
below 00500 or in QQ, which no post office serves.

One row a personal table is the canary's: each of its personal values occurs nowhere else, so that
a value found downstream says which column it left. `canaries.json` lists them. Only `ssn_last4` has
no good canary: four digits are part of many a number.

Nothing is drawn at random: a choice hangs on a digest of its name, so a new row changes no other.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

FOLDER = Path(__file__).resolve().parent
START = datetime(2026, 1, 5, 8, 0)  # noqa: DTZ001  raw timestamps are naive, as the product writes them

ORGANIZATIONS = ("Bluebell Clinic", "Cedar Physio", "Harbour Optics", "Larkspur Studio")
PLANS = ("free", "team", "team", "enterprise")
FIRST_NAMES = ("Ailbrin", "Bevaro", "Corenza", "Dorvina", "Elmiro", "Fenwila", "Gorlan", "Hestiva")
LAST_NAMES = ("Quillmoor", "Tarnwick", "Uldersby", "Vossberry", "Wrenhallow", "Yarrowgate")
AREA_CODES = ("202", "303", "404", "505", "606")
STREETS = ("Sampleton Row", "Placeholder Lane", "Lorem Crescent", "Specimen Avenue")
COUNTRIES = ("US", "CA", "IT", "FR", "GB", "DE")
CURRENCIES = {"US": "USD", "CA": "CAD", "GB": "GBP"}
EVENT_TYPES = ("login", "login", "page_view", "page_view", "appointment_created", "settings_saved")
PAGES = ("/calendar", "/appointments", "/settings", "/reports")
PLATFORMS = ("web", "mobile", "tablet")
APPOINTMENT_STATUSES = ("completed", "completed", "completed", "canceled", "no_show", "scheduled")
ORDER_STATUSES = ("paid", "paid", "paid", "refunded", "canceled")
CONSENTS = ("marketing_email", "marketing_all", "transactional", None)
SENDERS = ("shopify", "stripe", "paypal", "woocommerce")
CHANNELS = ("newsletter", "search", "social", None)
CAMPAIGNS = {"newsletter": "spring_letter", "search": "brand_terms", "social": "open_day"}

USERS = 12
CUSTOMERS = 20
ORDERS = 40
EVENTS = 96
APPOINTMENTS = 48

CANARY_USER = 9
CANARY_CUSTOMER = 13
CANARY_EVENT = 41
CANARY_ORDER = 17

Cell = str | int | None
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Table:
    """One CSV file."""

    name: str
    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def csv(self) -> str:
        """The file's text."""
        buffer = io.StringIO()
        writer = csv.writer(buffer, lineterminator="\n")
        writer.writerow(self.header)
        writer.writerows(self.rows)
        return buffer.getvalue()


CANARIES: dict[str, dict[str, str]] = {
    "raw_user": {
        "username": "canary_user_username",
        "email": "canary.user@example.org",
        "phone": "+1-999-555-0101",
        "first_name": "Canaryuserfirst",
        "last_name": "Canaryuserlast",
    },
    "raw_customers": {
        "email": "canary.customer@example.org",
        "phone": "+1-999-555-0102",
        "ssn_last4": "0000",
        "full_name": "Canarycustomer Fullname",
        "birth_date": "1900-01-01",
        "street_address": "1 Canary Customer Street",
        "postcode": "QQ9 9QQ",
        "ip_address": "203.0.113.102",
    },
}


def _json_canaries(table: str, column: str, number: int) -> None:
    """All thirteen personal keys of a payload, each with a value of its own."""
    word = table.removeprefix("raw_").replace("_", "")
    values = {
        "email": f"canary.{word}.a@example.org",
        "email_address": f"canary.{word}.b@example.org",
        "phone": f"+1-999-555-01{number}1",
        "phone_number": f"+1-999-555-01{number}2",
        "ssn": f"000-0{number}-0001",
        "social_security_number": f"000-0{number}-0002",
        "first_name": f"Canary{word}first",
        "last_name": f"Canary{word}last",
        "full_name": f"Canary{word} Fullname",
        "ip_address": f"203.0.113.{number}1",
        "ip": f"203.0.113.{number}2",
        "address": f"1 Canary {word} Address",
        "street_address": f"2 Canary {word} Street",
    }
    CANARIES[table] = {f"{column}.{key}": value for key, value in values.items()}


_json_canaries("raw_event", "metadata", 3)
_json_canaries("raw_attribution_events", "raw_payload", 4)
_json_canaries("raw_dead_events", "raw_payload", 5)
_json_canaries("raw_revenue_ledger", "metadata", 6)


def canary_keys(table: str) -> dict[str, str]:
    """The canary of a payload, by JSON key."""
    return {path.split(".", 1)[1]: value for path, value in CANARIES[table].items()}


def pick(name: str, number: int, options: Sequence[T]) -> T:
    """One of the options, always the same for this name and number."""
    return options[_digest(name, number) % len(options)]


def _digest(name: str, number: int) -> int:
    return int.from_bytes(hashlib.sha256(f"{name}:{number}".encode()).digest()[:8])


def moment(name: str, number: int, *, days: int = 56) -> datetime:
    """A minute within office hours of the period."""
    day, minute = _digest(name, number) % days, _digest(f"{name} minute", number) % 540
    return START + timedelta(days=day, minutes=minute)


def stamp(value: datetime | None) -> str | None:
    """As the CSV holds it."""
    return value.isoformat(sep=" ") if value else None


def uuid(kind: int, number: int) -> str:
    """A UUID that shows it is made up."""
    return f"00000000-0000-4000-8{kind:03d}-{number:012d}"


def payload(**fields: object) -> str:
    """A JSON document without the fields that are null."""
    return json.dumps({key: value for key, value in fields.items() if value is not None})


def organization_of_user(user: int) -> int:
    return 1 + (user - 1) % len(ORGANIZATIONS)


def organization_of_customer(customer: int) -> int:
    return 1 + customer % len(ORGANIZATIONS)


def customer_of_order(order: int) -> int:
    if order == CANARY_ORDER:
        return CANARY_CUSTOMER
    return pick("order customer", order, range(1, CUSTOMERS))


def order_number(order: int) -> str:
    return f"A-{1000 + order}"


def amount_cents(order: int) -> int:
    return 990 + 250 * (_digest("amount", order) % 40)


def currency(order: int) -> str:
    return CURRENCIES.get(pick("country", customer_of_order(order), COUNTRIES), "EUR")


def person(name: str, number: int) -> tuple[str, str, str, str | None]:
    """First name, last name, email and phone of somebody who doesn't exist."""
    first = FIRST_NAMES[number % len(FIRST_NAMES)]
    last = LAST_NAMES[number % len(LAST_NAMES)]
    email = f"{first}.{last}{number}@example.com".lower()
    phone = f"+1-{pick(name, number, AREA_CODES)}-555-01{20 + number:02d}"
    return first, last, email, phone if number % 5 else None


def raw_organization() -> Iterator[tuple[Cell, ...]]:
    for number, name in enumerate(ORGANIZATIONS, start=1):
        created = START - timedelta(days=90 * number)
        yield number, uuid(1, number), name, PLANS[number - 1], stamp(created)


def raw_user() -> Iterator[tuple[Cell, ...]]:
    for number in range(1, USERS + 1):
        first, last, email, phone = person("user phone", number)
        username = f"{first[:4]}_{last[:5]}_{number}".lower()
        personal: tuple[Cell, ...] = (username, email, phone, first, last)
        if number == CANARY_USER:
            personal = tuple(CANARIES["raw_user"].values())
        joined = START - timedelta(days=7 * number, minutes=11 * number)
        yield number, organization_of_user(number), *personal, stamp(joined)


def raw_appointment() -> Iterator[tuple[Cell, ...]]:
    for number in range(1, APPOINTMENTS + 1):
        provider = pick("provider", number, range(1, USERS + 1))
        scheduled = moment("appointment", number)
        created = scheduled - timedelta(days=1 + number % 9)
        status = pick("appointment status", number, APPOINTMENT_STATUSES)
        updated = created if status == "scheduled" else scheduled + timedelta(hours=1)
        times = (stamp(scheduled), status, stamp(created), stamp(updated))
        yield number, organization_of_user(provider), provider, *times


def raw_event() -> Iterator[tuple[Cell, ...]]:
    for number in range(1, EVENTS + 1):
        user = pick("event user", number, range(1, USERS + 1))
        if number == CANARY_EVENT:
            user = CANARY_USER
        _, _, email, phone = person("user phone", user)
        personal: dict[str, object] = {}
        if number == CANARY_EVENT:
            personal = dict(canary_keys("raw_event"))
        elif number % 8 == 0:
            personal = {"email": email, "ip": f"192.0.2.{number}"}
        elif number % 11 == 0:
            personal = {"notes": f"asked to be called back, wrote from {email}", "phone": phone}
        metadata = payload(
            page=pick("page", number, PAGES),
            platform=pick("platform", number, PLATFORMS),
            duration_ms=40 + _digest("duration", number) % 4000,
            **personal,
        )
        occurred, event_type = moment("event", number), pick("event type", number, EVENT_TYPES)
        yield number, stamp(occurred), event_type, user, organization_of_user(user), metadata


def raw_customers() -> Iterator[tuple[Cell, ...]]:
    for number in range(1, CUSTOMERS + 1):
        first, last, email, phone = person("customer phone", 30 + number)
        personal: tuple[Cell, ...] = (
            # one customer gave no address, another one in capitals
            None if number == 7 else email.upper() if number == 5 else email,
            phone,
            f"{1000 + _digest('ssn', number) % 9000}",
            f"{first} {last}",
            f"{1950 + _digest('birth', number) % 50}-0{1 + number % 9}-1{number % 10}",
            f"{10 + number} {pick('street', number, STREETS)}",
            f"00{100 + number}",
        )
        address: Cell = f"198.51.100.{number}"
        if number == CANARY_CUSTOMER:
            *personal_values, address = CANARIES["raw_customers"].values()
            personal = tuple(personal_values)
        consent = CONSENTS[number % len(CONSENTS)]
        created = START - timedelta(days=3 * number)
        yield (
            number,
            organization_of_customer(number),
            *personal,
            pick("country", number, COUNTRIES),
            address,
            stamp(created + timedelta(minutes=5)) if consent else None,
            consent,
            "true" if number % 6 == 1 and number != CANARY_CUSTOMER else "false",
            stamp(created),
            stamp(created + timedelta(days=1)),
        )


def raw_orders() -> Iterator[tuple[Cell, ...]]:
    for number in range(1, ORDERS + 1):
        customer = customer_of_order(number)
        yield (
            number,
            organization_of_customer(customer),
            customer,
            order_number(number),
            stamp(moment("order", number)),
            pick("order status", number, ORDER_STATUSES),
            amount_cents(number),
            currency(number),
        )


def _as_sent(sender: str, number: int) -> dict[str, object]:
    """What is personal in a webhook, in the shape of its sender."""
    first, last, email, phone = person("customer phone", 30 + customer_of_order(number))
    if sender == "shopify":
        customer = payload(first_name=first, last_name=last, email=email, phone=phone)
        return {"topic": "orders/create", "email": email, "customer": json.loads(customer)}
    if sender == "stripe":
        details = {"email": email, "address": {"line1": f"{number} {STREETS[0]}", "country": "US"}}
        return {"type": "payment_intent.succeeded", "billing_details": details}
    if sender == "paypal":
        payer = {"email_address": email, "name": {"given_name": first, "surname": last}}
        return {"event_type": "PAYMENT.CAPTURE.COMPLETED", "resource": {"payer": payer}}
    street = f"{number} {STREETS[1]}"
    billing = {"first_name": first, "last_name": last, "email": email, "address_1": street}
    return {"status": "processing", "billing": billing, "customer_ip_address": f"192.0.2.{number}"}


def _tenant(order: int) -> str:
    return uuid(1, organization_of_customer(customer_of_order(order)))


def raw_attribution_events() -> Iterator[tuple[Cell, ...]]:
    for number in range(1, ORDERS + 1):
        channel = pick("channel", number, CHANNELS)
        sender = pick("sender", number, SENDERS)
        personal = _as_sent(sender, number) if number % 3 == 0 else {}
        if number == CANARY_ORDER:
            personal = dict(canary_keys("raw_attribution_events"))
        document = payload(
            sender=sender,
            order_number=order_number(number),
            utm_source=channel,
            utm_campaign=CAMPAIGNS.get(channel or ""),
            amount_cents=amount_cents(number),
            currency=currency(number),
            **personal,
        )
        touched = moment("order", number) - timedelta(hours=1 + number % 30)
        yield uuid(2, number), _tenant(number), stamp(touched), document


def raw_dead_events() -> Iterator[tuple[Cell, ...]]:
    for number in range(1, 7):
        sender = SENDERS[number % len(SENDERS)]
        personal = canary_keys("raw_dead_events") if number == 4 else _as_sent(sender, number)
        field, pattern = ("email", "email") if number % 2 else ("billing_details.address", "key")
        document = payload(sender=sender, order_number=order_number(number), **personal)
        yield (
            uuid(3, number),
            _tenant(number),
            stamp(moment("dead", number)),
            "PII_DETECTED",
            payload(field=field, pattern=pattern),
            document,
        )


def raw_revenue_ledger() -> Iterator[tuple[Cell, ...]]:
    statuses = {row[0]: row[5] for row in raw_orders()}
    for number in range(1, ORDERS + 1):
        if statuses[number] == "canceled":
            continue
        sender = pick("sender", number, SENDERS)
        personal: dict[str, object] = {}
        if number == CANARY_ORDER:
            personal = dict(canary_keys("raw_revenue_ledger"))
        elif number % 9 == 0:
            personal = {"email": person("customer phone", 30 + customer_of_order(number))[2]}
        metadata = payload(order_number=order_number(number), sender=sender, **personal)
        ordered = moment("order", number)
        yield (
            uuid(4, number),
            _tenant(number),
            f"txn_{number:05d}",
            amount_cents(number),
            currency(number),
            "refunded" if statuses[number] == "refunded" else "captured",
            sender,
            stamp(ordered + timedelta(minutes=3)),
            None if number == 2 else metadata,
        )


HEADERS = {
    raw_organization: "id tenant_id name plan created_at",
    raw_user: "id organization_id username email phone first_name last_name date_joined",
    raw_appointment: "id organization_id provider_id scheduled_at status created_at updated_at",
    raw_event: "id occurred_at event_type user_id organization_id metadata",
    raw_customers: "id organization_id email phone ssn_last4 full_name birth_date street_address"
    " postcode country ip_address consent_given_at consent_type is_deleted created_at updated_at",
    raw_orders: "id organization_id customer_id order_number ordered_at status amount_cents"
    " currency",
    raw_attribution_events: "id tenant_id occurred_at raw_payload",
    raw_dead_events: "id tenant_id occurred_at error_code error_detail raw_payload",
    raw_revenue_ledger: "id tenant_id transaction_id amount_cents currency state"
    " verification_source verification_timestamp metadata",
}


def tables() -> tuple[Table, ...]:
    """All of them, in the order of their keys."""
    return tuple(
        Table(rows.__name__, tuple(header.split()), tuple(rows()))
        for rows, header in HEADERS.items()
    )


def files() -> dict[str, str]:
    """Text by file name."""
    texts = {f"{table.name}.csv": table.csv() for table in tables()}
    texts["canaries.json"] = json.dumps(CANARIES, indent=2) + "\n"
    return texts


def main(arguments: Sequence[str]) -> int:
    stale = [
        name
        for name, text in files().items()
        if not (FOLDER / name).exists() or (FOLDER / name).read_text(encoding="utf-8") != text
    ]
    if "--check" in arguments:
        if stale:
            sys.stderr.write(f"Not current: {', '.join(stale)}; run `python seeds/generate.py`.\n")
        return 1 if stale else 0
    for name in stale:
        (FOLDER / name).write_text(files()[name], encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
