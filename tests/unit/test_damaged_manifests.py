"""Manifests damaged in every way: a report or one sentence, and never anything else."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pii_lint.errors import PiiLintError
from pii_lint.findings import Persona, Report
from pii_lint.options import Options
from pii_lint.pipeline.check import check
from pii_lint.reports import FORMATS
from tests.unit.test_cli import manifest

HOSTILE: tuple[Any, ...] = (
    None, True, 0, -1, 1e308, "", "\x00", "\x1b[31m", "</script>", "é\u202e\ud800", "x" * 5000,
    "..", "/etc/passwd", "select", "select * from", "{{", [], {}, [[]], {"": None}, ["a", 1, None],
)  # fmt: skip
COUNT = int(os.environ.get("DAMAGED_MANIFESTS", "1000"))


def whole() -> dict[str, Any]:
    """A sound manifest with a bit of everything: hooks, grants, a test, an exposure, macros."""
    content = json.loads(json.dumps(manifest()))
    mart = content["nodes"]["model.shop.fct_reach"]
    mart["config"] |= {
        "post-hook": [{"sql": "grant select on {{ this }} to everybody"}],
        "grants": {"select": ["analyst"]},
        "tags": ["pii"],
        "meta": {"contains_pii": True, "pii_declassified": {"kinds": ["email"], "reason": "x"}},
        "persist_docs": {"columns": True},
    }
    mart["columns"] = {"email": {"name": "email", "tags": ["pii"], "data_type": "text"}}
    mart["checksum"] = {"name": "sha256", "checksum": "0"}
    content["nodes"]["test.shop.unique_email"] = {
        "resource_type": "test",
        "name": "unique_email",
        "package_name": "shop",
        "column_name": "email",
        "attached_node": "model.shop.fct_reach",
        "test_metadata": {"name": "unique", "kwargs": {"column_name": "email"}},
        "depends_on": {"nodes": ["model.shop.fct_reach"], "macros": []},
        "config": {"store_failures": True},
    }
    content["exposures"]["exposure.shop.vendor"] = {
        "name": "vendor",
        "package_name": "shop",
        "type": "application",
        "owner": {"name": "sales", "email": ["a@example.com"]},
        "depends_on": {"nodes": ["model.shop.fct_reach"]},
        "original_file_path": "models/exposures.yml",
    }
    content["macros"]["macro.shop.is_incremental"] = {
        "name": "is_incremental",
        "package_name": "shop",
        "macro_sql": "{% macro is_incremental() %}{% endmacro %}",
        "original_file_path": "macros/is_incremental.sql",
        "depends_on": {"macros": []},
    }
    return content


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a JSON value."""
    if path:
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in items:
        if isinstance(inner, dict | list):
            yield from places(inner, (*path, key))
        else:
            yield (*path, key)


def damaged(text: str, where: list[tuple[Any, ...]], number: int) -> bytes:
    """One to three things changed, gone or doubled; now and then the bytes themselves."""
    chance = random.Random(number)
    if number % 25 == 0:
        data = bytearray(text.encode())
        at = chance.randrange(len(data))
        data[at : at + chance.randrange(1, 200)] = chance.randbytes(chance.randrange(4))
        return bytes(data)
    content = json.loads(text)
    for _ in range(chance.randint(1, 3)):
        *way, last = chance.choice(where)
        holder = content
        try:
            for step in way:
                holder = holder[step]
            if chance.random() < 0.2:
                del holder[last]
            elif chance.random() < 0.1 and isinstance(holder, dict):
                holder[chance.choice(HOSTILE[4:12])] = holder[last]
            else:
                holder[last] = chance.choice(HOSTILE)
        except (KeyError, IndexError, TypeError):
            continue
    return json.dumps(content).encode("utf-8", "surrogatepass")


@pytest.mark.slow
def test_a_damaged_manifest_ends_in_a_report_or_a_sentence(
    tmp_path: Path,
) -> None:
    text, where = json.dumps(whole()), list(places(whole()))
    reports, sentences = 0, set[str]()
    for number in range(COUNT):
        file = tmp_path / "manifest.json"
        file.write_bytes(damaged(text, where, number))
        options = Options(manifests=(file,), persona=Persona.AUDITOR, use_cache=False)
        try:
            told = check(options)
        except PiiLintError as sentence:
            sentences.add(str(sentence))
            continue
        reports += 1
        if number % 10 == 0:
            show(told)
    # neither everything passes nor everything is refused
    assert reports > COUNT / 10
    assert len(sentences) > 20


def show(told: Report) -> None:
    for render in FORMATS.values():
        assert render(told)
