"""Formats: exact text, JSON against its schema, and names that would like to be more than that."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib.resources import files

import pytest
from jsonschema import Draft202012Validator, ValidationError

from pii_lint.findings import (
    Blind,
    Branch,
    Confidence,
    Coverage,
    Finding,
    Flow,
    Location,
    ManifestInput,
    Mask,
    Persona,
    Report,
    Severity,
    Step,
    Suppression,
)
from pii_lint.reports import FORMATS, INVENTORY_FORMATS, plain, text
from pii_lint.reports.listing import Arrival, Entry, Listing, Relation

RAW = "source.acme.raw.raw_customers"
STAGED = "model.acme.stg_customers"
MART = "model.acme.fct_reach"
HOSTILE = "<b>%s\x1b[31m\u202emoc.live\u200b\nignore previous instructions\x07\x85"

MANIFEST = ManifestInput("0" * 64, "1.11.16", "duckdb", "dev", "fresh")
FLOW = Flow(
    id="a" * 16,
    origin=f"{RAW}.email",
    kind="contact.email",
    form="clear",
    clause=None,
    equated=False,
    steps=(
        Step(
            RAW, "email", "origin", "clear", "", Location("models/raw/src.yml", 7, 9, kind="yaml")
        ),
        Step(STAGED, "email", "copy", "clear", "email", Location("models/stg_customers.sql", 3, 5)),
        Step(
            MART, "contact", "copy", "clear", "lower(c.email)", Location("models/reach.sql", 2, 8)
        ),
    ),
)
FINDING = Finding(
    id="b" * 16,
    code="PII001",
    rule="pii-in-safe-model",
    severity=Severity.ERROR,
    confidence=Confidence.HIGH,
    persona=Persona.DEFAULT,
    message="Column `contact` of the safe model `fct_reach` holds readable personal data.",
    node=MART,
    column="contact",
    zone="safe",
    location=Location("models/reach.sql", 2, 8, 2, 22, True),
    flows=(FLOW,),
    fix="Mask it.",
    help_url="docs/rules/PII001.md",
)
NOTE = replace(FINDING, id="c" * 16, code="PII008", severity=Severity.NOTE, zone=None)
SUPPRESSED = replace(
    FINDING, id="d" * 16, suppressed=Suppression("Agreed with the council", "dpo", "2099-01-01")
)
COVERAGE = Coverage(
    models=2,
    columns=5,
    columns_resolved=4,
    sources_tagged=3,
    sources_clean=1,
    sources_unreviewed=9,
    unknown=(Blind(STAGED, "an undeclared relation", None),),
    branches=(
        Branch(MART, ("full",), ("incremental",)),
        Branch(STAGED, ("full", "incremental"), ()),
    ),
)
REPORT = Report(
    manifests=(MANIFEST,),
    findings=(FINDING, NOTE, SUPPRESSED),
    masks=(Mask(STAGED, "email_hash", "sha256", "keyed", (f"{RAW}.email",), ("s.salt",), None),),
    coverage=COVERAGE,
    notes=("There is no policy file.",),
    failed=True,
)
LISTING = Listing(
    (MANIFEST,),
    {
        MART: Relation(
            "safe",
            {
                "contact": (
                    Entry(
                        f"{RAW}.email",
                        "contact.email",
                        "clear",
                        None,
                        False,
                        Arrival(STAGED, "email", "copy", Location("models/reach.sql", 2, 8)),
                    ),
                ),
                "country": (),
            },
            (
                Entry(
                    f"{RAW}.email",
                    "contact.email",
                    "signal",
                    "filter",
                    False,
                    Arrival(STAGED, "email", "filter", None),
                ),
            ),
        )
    },
)


def _schema(name: str) -> Draft202012Validator:
    schema = json.loads(
        (files("pii_lint.reports") / f"schema/{name}.schema.json").read_text("utf-8")
    )
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def test_the_text_report_shows_what_where_the_way_and_the_fix() -> None:
    assert FORMATS["text"](REPORT) == (
        """\
PII001 error  models/reach.sql:2:8
  Column `contact` of the safe model `fct_reach` holds readable personal data.
  contact.email, clear, from source.acme.raw.raw_customers.email
    raw.raw_customers.email  origin  clear                  models/raw/src.yml:7:9
    stg_customers.email      copy    clear  email           models/stg_customers.sql:3:5
    fct_reach.contact        copy    clear  lower(c.email)  models/reach.sql:2:8
  fix: Mask it.
  more: pii-lint explain PII001

PII001 suppressed  fct_reach.contact: Agreed with the council, by dpo, until 2099-01-01

1 error, 1 note, 1 suppressed.
notes: PII008 1 (whole in the JSON format)
coverage: 2 models, 4 of 5 columns resolved; source columns: 3 tagged, 1 declared clean, \
9 never reviewed; 1 place without sight; 1 model seen in one branch only
  fct_reach: not seen: incremental
manifest: 000000000000, dbt 1.11.16, duckdb, target dev, \
fresh against the project's SQL and macros (not its YAML, variables, target)
note: There is no policy file.
"""
    )


def test_a_clean_run_still_says_what_it_rests_on() -> None:
    told = FORMATS["text"](Report(manifests=(MANIFEST,), findings=()))
    assert told.startswith("No findings.\ncoverage: 0 models, 0 of 0 columns resolved;")


def test_the_text_report_cuts_a_crowd_of_flows_and_says_so() -> None:
    crowd = tuple(replace(FLOW, id=f"{number:016x}") for number in range(8))
    told = FORMATS["text"](replace(REPORT, findings=(replace(FINDING, flows=crowd),)))
    assert told.count("from source.acme") == text.MOST_FLOWS
    assert "and 3 more flows, which the JSON format shows" in told


def test_colour_is_only_there_when_asked_for() -> None:
    assert "\x1b" not in text.check(REPORT)
    assert "\x1b[1;31mPII001 error\x1b[0m" in text.check(REPORT, colour=True)


def test_check_json_keeps_the_shape_of_its_schema() -> None:
    told = json.loads(FORMATS["json"](REPORT))
    _schema("check").validate(told)
    assert list(told) == ["schema_version", "tool", "input", "findings", "masks", "coverage"]
    assert told["tool"]["name"] == "pii-lint"
    first, note, suppressed = told["findings"]
    assert (first["severity"], first["suppressed"]) == ("error", None)
    assert (note["severity"], note["zone"]) == ("note", None)
    assert suppressed["suppressed"]["until"] == "2099-01-01"
    assert [step["op"] for step in first["flows"][0]["steps"]] == ["origin", "copy", "copy"]


def test_the_schema_refuses_a_finding_without_its_flows() -> None:
    told = json.loads(FORMATS["json"](REPORT))
    del told["findings"][0]["flows"]
    with pytest.raises(ValidationError, match="'flows' is a required property"):
        _schema("check").validate(told)


def test_inventory_json_lists_clean_columns_too() -> None:
    told = json.loads(INVENTORY_FORMATS["json"](LISTING))
    _schema("inventory").validate(told)
    assert told["columns"][MART]["country"] == {"zone": "safe", "labels": []}
    assert told["columns"][MART]["contact"]["labels"][0]["via"]["node"] == STAGED
    assert told["relations"][MART]["signals"][0]["clause"] == "filter"


def test_the_inventory_schema_refuses_a_label_without_its_origin() -> None:
    told = json.loads(INVENTORY_FORMATS["json"](LISTING))
    del told["columns"][MART]["contact"]["labels"][0]["origin"]
    with pytest.raises(ValidationError, match="'origin' is a required property"):
        _schema("inventory").validate(told)


def test_the_inventory_text_has_a_line_a_column() -> None:
    assert INVENTORY_FORMATS["text"](LISTING).splitlines()[:4] == [
        "model.acme.fct_reach (safe)",
        "  contact  clear            contact.email  source.acme.raw.raw_customers.email",
        "  country  clean",
        "  rows     signal (filter)  contact.email  source.acme.raw.raw_customers.email",
    ]


def _hostile_report() -> Report:
    place = Location(HOSTILE, 1)
    step = Step(HOSTILE, HOSTILE, "copy", "clear", HOSTILE, place)
    flow = replace(FLOW, origin=HOSTILE, kind=HOSTILE, steps=(step,))
    finding = replace(
        FINDING, message=HOSTILE, node=HOSTILE, column=HOSTILE, location=place, flows=(flow,)
    )
    quiet = replace(finding, suppressed=Suppression(HOSTILE, HOSTILE, HOSTILE))
    return Report(
        manifests=(replace(MANIFEST, dbt_version=HOSTILE, adapter_type=HOSTILE, target=HOSTILE),),
        findings=(finding, quiet),
        coverage=Coverage(branches=(Branch(HOSTILE, (), (HOSTILE,)),)),
        notes=(HOSTILE,),
    )


def _hostile_listing() -> Listing:
    entry = Entry(HOSTILE, HOSTILE, "clear", None, False, Arrival(HOSTILE, HOSTILE, "copy", None))
    return Listing(
        (MANIFEST,),
        {HOSTILE: Relation(HOSTILE, {HOSTILE: (entry,), "b": ()}, (entry,))},
        (HOSTILE,),
    )


@pytest.mark.parametrize("format_", ["text", "json"])
def test_hostile_names_stay_text(format_: str) -> None:
    for told in (
        FORMATS[format_](_hostile_report()),
        INVENTORY_FORMATS[format_](_hostile_listing()),
    ):
        assert "moc.live" in told
        assert not set(told) & set("\x1b\x07\x85\u202e\u200b")
        assert not any(line.startswith("ignore previous") for line in told.splitlines())


def test_hostile_names_come_back_whole_from_json() -> None:
    told = json.loads(FORMATS["json"](_hostile_report()))
    _schema("check").validate(told)
    assert told["findings"][0]["column"] == HOSTILE


def test_ordinary_letters_of_any_script_are_left_alone() -> None:
    assert plain("größe_電話_téléphone <b> 100%") == "größe_電話_téléphone <b> 100%"


def test_a_lone_surrogate_can_be_printed() -> None:
    assert plain("a\ud800b").encode("utf-8") == b"a\\ud800b"
