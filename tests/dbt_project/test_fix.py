"""`pii-lint fix` on the warehouse: what was stripped comes back, and nothing else changes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from pii_lint.cli import main
from tests.warehouse import Warehouse

pytestmark = pytest.mark.slow

Said = dict[str, tuple[object, ...]]

_COLUMN = re.compile(r"^ {8}config:\n {10}tags: \[pii\]\n {10}meta: .*\n", re.MULTILINE)
_NODE = re.compile(r"^ {6}tags: \[pii\]\n", re.MULTILINE)


def properties(warehouse: Warehouse) -> Iterator[Path]:
    """The YAML of the models, not of their sources."""
    for file in sorted((warehouse.project_dir / "models").rglob("*.yml")):
        if "raw" not in file.parts:
            yield file


def said(warehouse: Warehouse) -> Said:
    """What the YAML of the models says of personal data."""
    found: Said = {}
    for file in properties(warehouse):
        for model in yaml.safe_load(file.read_text("utf-8")).get("models", ()):
            found[model["name"]] = tuple(model.get("config", {}).get("tags", ()))
            for column in model.get("columns", ()):
                config = column.get("config", {})
                meta = config.get("meta", {})
                found[f"{model['name']}.{column['name']}"] = (
                    tuple(config.get("tags", ())),
                    *(meta.get(key) for key in ("pii", "pii_type", "pii_form")),
                )
    return found


def checked(warehouse: Warehouse, capsys: pytest.CaptureFixture[str]) -> list[Mapping[str, Any]]:
    assert warehouse.run(["compile", "--quiet"]).success
    capsys.readouterr()
    words = ["check", "--project-dir", str(warehouse.project_dir), "--format", "json"]
    main([*words, "--persona", "auditor", "--exit-zero", "--no-cache"])
    report = json.loads(capsys.readouterr().out)
    return [f for f in report["findings"] if f["code"].startswith("TAG")]


def test_the_tags_of_a_stripped_warehouse_come_back_exactly(
    built_warehouse: Warehouse,
    copy_of: Callable[[Warehouse], Warehouse],
    capsys: pytest.CaptureFixture[str],
) -> None:
    warehouse = copy_of(built_warehouse)
    home = warehouse.project_dir
    before = said(warehouse)
    known = checked(warehouse, capsys)
    assert main(["fix", "--diff", "--project-dir", str(home)]) == 0
    assert capsys.readouterr().out == ""
    for file in properties(warehouse):
        text = file.read_text("utf-8")
        file.write_text(_NODE.sub("", _COLUMN.sub("", text)), "utf-8")
    stripped = {
        file: file.read_bytes()
        for folder in ("models", "macros", "snapshots", "seeds", "tests")
        for file in (home / folder).rglob("*")
        if file.is_file()
    }
    assert said(warehouse) != before
    assert len(checked(warehouse, capsys)) > len(known)

    assert main(["fix", "--diff", "--project-dir", str(home)]) == 1
    patch = capsys.readouterr().out
    assert all(file.read_bytes() == stripped[file] for file in properties(warehouse))
    assert {line[0] for line in patch.splitlines()} == set("-+@ ")
    assert not [line for line in patch.splitlines() if re.match(r"-(?!--)", line)]

    assert main(["fix", "--project-dir", str(home)]) == 0
    assert said(warehouse) == before
    assert {file.suffix for file, text in stripped.items() if file.read_bytes() != text} == {".yml"}
    assert checked(warehouse, capsys) == known
    capsys.readouterr()
    assert main(["fix", "--diff", "--project-dir", str(home)]) == 0
    assert capsys.readouterr().out == ""
