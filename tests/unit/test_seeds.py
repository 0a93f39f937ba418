"""The synthetic raw data: reproducible, complete as declared, and about nobody."""

from __future__ import annotations

import csv
import importlib.util
import ipaddress
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
SEEDS = ROOT / "seeds"
CANARIES = json.loads((SEEDS / "canaries.json").read_text(encoding="utf-8"))
TABLES = sorted(file.stem for file in SEEDS.glob("*.csv"))

RESERVED_DOMAINS = ("example.com", "example.org")
RESERVED_NETWORKS = tuple(
    map(ipaddress.ip_network, ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24"))
)


def rows(table: str) -> list[dict[str, str]]:
    with (SEEDS / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def leaves(document: object, path: str) -> Iterator[tuple[str, str]]:
    """Every value of a JSON document, with the path of its key."""
    if isinstance(document, dict):
        for key, value in document.items():
            yield from leaves(value, f"{path}.{key}")
    else:
        yield path, str(document)


@cache
def values() -> list[tuple[str, str, str]]:
    """Every value of every table: table, column (with the path inside JSON), text."""
    return [
        (table, place, value)
        for table in TABLES
        for row in rows(table)
        for column, text in row.items()
        for place, value in leaves(json.loads(text) if text[:1] == "{" else text, column)
    ]


def sources() -> dict[str, dict[str, dict[str, Any]]]:
    """Column -> config, by source table."""
    text = (ROOT / "models" / "raw" / "src_acme.yml").read_text(encoding="utf-8")
    (source,) = yaml.safe_load(text)["sources"]
    return {
        table["name"]: {column["name"]: column["config"] for column in table["columns"]}
        for table in source["tables"]
    }


def seeds() -> dict[str, dict[str, Any]]:
    text = (SEEDS / "seeds.yml").read_text(encoding="utf-8")
    return {seed["name"]: seed for seed in yaml.safe_load(text)["seeds"]}


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("seed_generator", SEEDS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_the_script_makes_the_files_that_are_shipped(generator: ModuleType) -> None:
    made = generator.files()
    assert sorted(made) == sorted([*(f"{table}.csv" for table in TABLES), "canaries.json"])
    for name, text in made.items():
        assert (SEEDS / name).read_text(encoding="utf-8") == text, name


def test_the_script_mends_a_changed_file_and_only_says_so_with_check(
    generator: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generator, "FOLDER", tmp_path)
    assert generator.main([]) == 0
    assert generator.main(["--check"]) == 0
    (tmp_path / "raw_user.csv").write_text("changed", encoding="utf-8")
    assert generator.main(["--check"]) == 1
    assert (tmp_path / "raw_user.csv").read_text(encoding="utf-8") == "changed"
    assert generator.main([]) == 0
    assert generator.main(["--check"]) == 0


# what the source declares


def test_every_table_is_declared_with_its_columns_in_order() -> None:
    assert {table: list(columns) for table, columns in sources().items()} == {
        table: list(rows(table)[0]) for table in TABLES
    }


def test_every_column_is_reviewed() -> None:
    for table, columns in sources().items():
        for column, config in columns.items():
            meta = config["meta"]
            assert meta["pii"] in (True, False), f"{table}.{column}"
            if meta["pii"]:
                assert config["tags"] == ["pii"], f"{table}.{column}"
                assert {"pii_type", "sensitivity", "data_classification"} <= meta.keys()
            else:
                assert config.keys() == {"meta"}, f"{table}.{column}"


def test_the_seeds_carry_the_tags_of_their_source() -> None:
    declared = {
        table: {
            column: config["meta"]["pii_type"]
            for column, config in columns.items()
            if config["meta"]["pii"]
        }
        for table, columns in sources().items()
    }
    for table, seed in seeds().items():
        tagged = {
            column["name"]: column["config"]["meta"]["pii_type"]
            for column in seed.get("columns", [])
            if column["config"]["tags"] == ["pii"]
        }
        assert tagged == declared[table], table
        assert seed["config"].get("tags", []) == (["pii"] if tagged else []), table
    assert seeds().keys() == declared.keys()


# canaries


def test_every_personal_column_and_key_has_a_canary() -> None:
    personal = {
        table: {
            place
            for column, config in columns.items()
            if config["meta"]["pii"]
            for place in [f"{column}.{key}" for key in config["meta"].get("pii_keys", [])]
            or [column]
        }
        for table, columns in sources().items()
    }
    assert {table: set(places) for table, places in CANARIES.items()} == {
        table: places for table, places in personal.items() if places
    }


def test_a_canary_stands_in_its_own_place_and_nowhere_else() -> None:
    places: dict[str, list[tuple[str, str]]] = {}
    for table, column, text in values():
        places.setdefault(text, []).append((table, column))
    for table, canaries in CANARIES.items():
        for column, value in canaries.items():
            assert places[value] == [(table, column)]


def test_no_canary_is_part_of_another_value() -> None:
    texts = Counter(text for _, _, text in values())
    for canaries in CANARIES.values():
        for column, value in canaries.items():
            # four digits are part of many numbers, which is why nobody may look for them
            if column != "ssn_last4":
                assert sum(count for text, count in texts.items() if value in text) == 1, value


# nobody


def test_every_address_is_in_a_domain_reserved_for_documentation() -> None:
    found = [match for *_, text in values() for match in re.findall(r"[\w.]+@[\w.]*\w", text)]
    assert len(found) > 50
    assert {address.lower().split("@")[1] for address in found} == set(RESERVED_DOMAINS)


def test_every_phone_number_is_a_fictional_one() -> None:
    found = [text for _, column, text in values() if "phone" in column and text]
    assert len(found) > 25
    for number in found:
        assert re.fullmatch(r"\+1-\d{3}-555-01\d\d", number)


def test_every_social_security_number_is_in_a_range_that_is_never_given_out() -> None:
    found = [text for *_, text in values() if re.fullmatch(r"\d{3}-\d{2}-\d{4}", text)]
    assert len(found) == 8
    assert all(number.startswith("000") or number >= "900" for number in found)


def test_every_network_address_is_reserved_for_documentation() -> None:
    found = [
        match for *_, text in values() for match in re.findall(r"\b\d+\.\d+\.\d+\.\d+\b", text)
    ]
    assert len(found) > 25
    for address in found:
        assert any(ipaddress.ip_address(address) in network for network in RESERVED_NETWORKS)


def test_every_postcode_is_one_that_no_post_office_serves() -> None:
    for row in rows("raw_customers"):
        assert row["postcode"].startswith("QQ") or row["postcode"] < "00500"


# shapes that the models rely on


def test_some_personal_values_are_missing_and_one_is_in_capitals() -> None:
    emails = [row["email"] for row in rows("raw_customers")]
    assert "" in emails
    assert any(email.isupper() for email in emails)


def test_payloads_hold_personal_keys_at_the_top_and_deeper_of_every_sender() -> None:
    payloads = [json.loads(row["raw_payload"]) for row in rows("raw_dead_events")]
    payloads += [json.loads(row["raw_payload"]) for row in rows("raw_attribution_events")]
    paths = {(one["sender"], path) for one in payloads for path, _ in leaves(one, "$")}
    assert {
        ("shopify", "$.email"),
        ("shopify", "$.customer.email"),
        ("stripe", "$.billing_details.address.line1"),
        ("paypal", "$.resource.payer.email_address"),
        ("woocommerce", "$.billing.first_name"),
    } <= paths
