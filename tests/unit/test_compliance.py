"""What the compliance page names is there, and it says plainly what isn't served."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pytest
import yaml
from jsonschema import Draft202012Validator

from pii_lint.cli import cli
from pii_lint.data import compliance
from pii_lint.data.compliance import Service, compliance_page, frameworks
from pii_lint.rules import RULES

REPOSITORY = Path(__file__).parents[2]
SERVICES = sorted(
    {(one.sort, one.name) for law in frameworks() for duty in law.duties for one in duty.by}
)


def is_there(sort: str, name: str) -> bool:
    if sort == "rule":
        return name in {rule.code for rule in RULES}
    if sort == "command":
        return cli.get_command(click.Context(cli), name) is not None
    if sort == "macro":
        return any(
            (REPOSITORY / "dbt_package" / folder / f"{name}.sql").is_file()
            for folder in ("macros", "tests/generic")
        )
    return (REPOSITORY / name).is_file()


@pytest.mark.parametrize(("sort", "name"), SERVICES)
def test_what_serves_a_duty_exists(sort: str, name: str) -> None:
    assert is_there(sort, name)


@pytest.mark.parametrize("sort", compliance.SORTS)
def test_what_does_not_exist_would_be_noticed(sort: str) -> None:
    assert not is_there(sort, "nothing")


def test_the_catalogue_fits_its_schema() -> None:
    data = Path(compliance.__file__).parent
    schema = json.loads((data / "compliance.schema.json").read_text("utf-8"))
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    given = yaml.safe_load((data / "compliance.yml").read_text("utf-8"))
    assert list(validator.iter_errors(given)) == []
    duty = given["frameworks"][0]["duties"][0]
    for wrong in (
        {"duty": "x", "where": "y"},
        {"duty": "x", "where": "y", "left": "all of it"},
        {**duty, "by": [{"rule": "PII001"}]},
        {**duty, "by": [{"rule": "PII001", "command": "check", "does": "both"}]},
    ):
        assert list(
            validator.iter_errors({"frameworks": [{"name": "a", "about": "b", "duties": [wrong]}]})
        )


def test_every_law_is_there_and_none_is_served_in_full_by_a_tool() -> None:
    laws = {one.name: one for one in frameworks()}
    assert set(laws) == {"GDPR", "CCPA", "HIPAA", "PCI DSS", "SOC 2"}
    for law in laws.values():
        assert any(duty.left and duty.who for duty in law.duties)
        assert len({duty.text for duty in law.duties}) == len(law.duties)


def test_the_page_names_each_duty_with_whose_the_rest_is() -> None:
    page = compliance_page()
    assert (REPOSITORY / compliance.PAGE).read_text("utf-8") == page
    for law in frameworks():
        for duty in law.duties:
            (row,) = (
                line
                for line in page.splitlines()
                if line.startswith(f"| {duty.text}<br>{duty.where} |")
            )
            assert row.count(" | ") == 2
            assert ("nothing here" in row) == (not duty.by)
            assert duty.who in row


def test_a_service_reads_as_a_link_or_a_command() -> None:
    assert compliance._named(Service("rule", "RET001", "")) == "[RET001](rules/RET001.md)"
    assert compliance._named(Service("command", "retention", "")) == "`pii-lint retention`"
