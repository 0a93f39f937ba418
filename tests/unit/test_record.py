"""The record of processing: what an officer reads, in a spreadsheet or on a page."""

from __future__ import annotations

import csv
import io
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pii_lint.cli import main
from pii_lint.findings import Approval, Arrival, Entry, Listing, Location, Relation, Use
from pii_lint.reports import INVENTORY_FORMATS
from tests.unit.test_cli import manifest
from tests.unit.test_formats import BLOCKS, HOSTILE, MARKS, SNAPSHOTS, reader, tokens
from tests.unit.test_reports import LISTING, MANIFEST, MART, RAW, STAGED

BORN = Arrival(RAW, "email", "origin", Location("models/raw/src.yml", 7))
EMAIL = Entry(f"{RAW}.email", "contact.email", "clear", None, False, BORN, "confidential")
PHONE = replace(EMAIL, origin=f"{RAW}.phone", kind="contact.phone")
SALT = replace(EMAIL, kind="secret", classification=None)
RECORD = Listing(
    (MANIFEST,),
    {
        RAW: Relation("raw", {"email": (EMAIL,), "country": ()}, (), "Sales", ()),
        STAGED: Relation(
            "staging",
            {
                "contacts": (EMAIL, replace(EMAIL, origin=f"{RAW}.other"), PHONE, SALT),
                "email": (replace(EMAIL, form="pseudonym"),),
            },
            (),
        ),
        MART: Relation(
            "safe",
            {"country": ()},
            (replace(EMAIL, form="signal", clause="filter"),),
            "Growth",
            ("newsletter", "dashboard"),
        ),
    },
    ("There is no policy file.",),
    {
        "exposure.acme.dashboard": Use("dashboard", "dashboard", None, (MART,), (), None),
        "exposure.acme.newsletter": Use(
            "application",
            "Mail Inc.",
            "Growth",
            (MART,),
            ("contact.email",),
            Approval(
                "Privacy office",
                "2026-07-01",
                "2026-10-31",
                ("contact.email",),
                ("pseudonym",),
                ("its sign-off expired on 2026-10-31",),
            ),
        ),
    },
)


def rows(listing: Listing) -> list[dict[str, str]]:
    text = INVENTORY_FORMATS["csv"](listing)
    return list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.mark.parametrize("format_", sorted(INVENTORY_FORMATS))
def test_the_whole_record_is_as_it_was_agreed(format_: str) -> None:
    told = INVENTORY_FORMATS[format_](RECORD)
    path = SNAPSHOTS / f"inventory.{format_}"
    if os.environ.get("WRITE_SNAPSHOTS"):
        path.write_text(told, "utf-8")
    assert told == path.read_text("utf-8")


def test_a_row_is_a_column_a_kind_and_a_form() -> None:
    told = [(row["column"], row["kind"], row["form"], row["origins"]) for row in rows(RECORD)]
    assert told == [
        ("email", "contact.email", "clear", f"{RAW}.email"),
        ("contacts", "contact.email", "clear", f"{RAW}.email; {RAW}.other"),
        ("contacts", "contact.phone", "clear", f"{RAW}.phone"),
        ("email", "contact.email", "pseudonym", f"{RAW}.email"),
        ("(rows)", "contact.email", "signal", f"{RAW}.email"),
    ]


def test_the_record_names_who_answers_and_who_receives() -> None:
    first, *_, last = rows(RECORD)
    assert (first["owner"], first["recipients"]) == ("Sales", "")
    assert (last["owner"], last["recipients"]) == ("Growth", "newsletter; dashboard")
    assert (first["file"], first["line"]) == ("models/raw/src.yml", "7")


def test_neither_clean_columns_nor_salts_are_in_the_record() -> None:
    assert not [row for row in rows(RECORD) if row["column"] == "country"]
    assert not [row for row in rows(RECORD) if row["kind"] == "secret"]


def hostile(name: str) -> Listing:
    entry = Entry(name, name, "clear", None, False, Arrival(name, name, "copy", Location(name)))
    relation = Relation(name, {name: (entry,)}, (entry,), name, (name,))
    signed = Approval(name, name, name, (name,), (name,), (name,))
    use = Use(name, name, name, (name,), (name,), signed)
    return Listing((MANIFEST,), {name: relation}, (name,), {name: use})


FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "\uff1d1", "=cmd|' /C calc'!A0"]


@pytest.mark.parametrize("name", [*HOSTILE, *FORMULAS], ids=range(len(HOSTILE) + len(FORMULAS)))
def test_no_cell_is_a_formula_nor_more_than_a_cell(name: str) -> None:
    for row in rows(hostile(name)):
        assert len(row) == 12
        assert None not in row
        for cell in row.values():
            assert not cell.lstrip(" \t\r\n").startswith(tuple("=+-@\uff1d\uff0b\uff0d\uff20"))
            assert not set(cell) & set("\x1b\r\n\t\u202e\u200b")


def test_a_plain_name_is_left_as_it_is_in_a_cell() -> None:
    (row, _) = rows(hostile('größe, "A" - b'))
    assert row["column"] == 'größe, "A" - b'


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_name_stays_in_its_cell_of_the_page(name: str) -> None:
    text = INVENTORY_FORMATS["markdown"](hostile(name))
    parsed = reader().parse(text)
    assert [token.type for token in parsed].count("td_open") == 2 * 8 + 6
    assert not {token.type for token in tokens(text)} & (MARKS | (BLOCKS - {"table_open"}))


def test_a_page_without_personal_data_says_so() -> None:
    clean = replace(LISTING, relations={MART: Relation("safe", {"country": ()}, ())})
    assert "No column holds personal data." in INVENTORY_FORMATS["markdown"](clean)
    assert "|" not in INVENTORY_FORMATS["markdown"](clean).split("- manifest")[0]
    assert INVENTORY_FORMATS["csv"](clean).count("\n") == 1


@pytest.mark.parametrize(
    ("meta", "group", "owner"),
    [
        ({"owner": "Sales"}, None, "Sales"),
        ({"owner": {"name": "Sales", "email": "sales@example.com"}}, "g", "Sales"),
        ({"data_owner": "Sales"}, "g", "Sales"),
        ({"owner": " "}, "growth", "growth"),
        ({}, None, ""),
    ],
)
def test_whose_a_relation_is_comes_from_its_meta_or_its_group(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    meta: dict[str, Any],
    group: str | None,
    owner: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    content: Any = manifest()
    content["nodes"]["model.shop.fct_reach"]["config"] |= {"meta": meta, "group": group}
    content["nodes"]["model.shop.fct_reach"] |= {"meta": meta, "group": group}
    (tmp_path / "m.json").write_text(json.dumps(content), "utf-8")
    told = ["inventory", "--manifest", "m.json", "--format", "csv", "--output", "record.csv"]
    assert main(told) == 0
    read = csv.DictReader(io.StringIO((tmp_path / "record.csv").read_text("utf-8")))
    mine = [row for row in read if row["relation"] == "model.shop.fct_reach"]
    assert [row["owner"] for row in mine] == [owner]
    assert mine[0]["classification"] == "confidential"
