"""What a process finds when it looks at a project again is what a new one would find."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pii_lint.errors import StaleManifest
from pii_lint.findings import Finding
from pii_lint.options import Options
from pii_lint.pipeline.again import Again, Judged
from pii_lint.pipeline.check import settled
from tests.bench import manifest
from tests.bench.project import A_DOMAIN, warehouse
from tests.editor.project import SOURCE, Shop

Json = dict[str, Any]
Edit = Callable[[random.Random, Json, Path], None]
TODAY = date(2026, 11, 22)


def _options(folder: Path) -> Options:
    return Options(project_dir=folder, use_cache=False, today=TODAY)


def _told(judged: Judged) -> tuple[Finding, ...]:
    return settled(judged.findings, judged.facts)


def _agree(again: Again, folder: Path) -> Judged:
    """The same findings, labels and ways as a process that never saw the project before."""
    judged, fresh = again.judge(), Again(_options(folder)).judge()
    assert _told(judged) == _told(fresh)
    assert judged.facts.inventory == fresh.facts.inventory
    assert judged.facts.projects == fresh.facts.projects
    return judged


# --- a few edits that matter ----------------------------------------------------------------------


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """A chain of three models that ends in a safe mart, and one beside it."""
    made = Shop(tmp_path)
    made.write(
        "models/staging/stg.sql", "select email, country from {{ source('raw', 'customers') }}"
    )
    made.write("models/intermediate/int.sql", "select country from {{ ref('stg') }}")
    made.write("models/marts/safe/fct.sql", "select * from {{ ref('int') }}")
    made.write("models/marts/safe/other.sql", "select country from {{ ref('stg') }}")
    made.compile()
    return made


@pytest.fixture
def again(shop: Shop) -> Again:
    """What has looked at the shop once."""
    made = Again(_options(shop.folder))
    assert made.judge().whole
    return made


def _codes(judged: Judged, model: str) -> set[str]:
    return {one.code for one in _told(judged) if one.node == f"model.shop.{model}"}


def test_a_leak_is_found_downstream_of_the_one_model_that_changed(shop: Shop, again: Again) -> None:
    shop.write("models/intermediate/int.sql", "select email, country from {{ ref('stg') }}")
    shop.compile()
    judged = _agree(again, shop.folder)
    assert not judged.whole
    assert "PII001" in _codes(judged, "fct")
    assert "PII001" not in _codes(judged, "other")


def test_a_mended_leak_is_gone(shop: Shop, again: Again) -> None:
    for columns in ("email, country", "country"):
        shop.write("models/intermediate/int.sql", f"select {columns} from {{{{ ref('stg') }}}}")
        shop.compile()
        judged = _agree(again, shop.folder)
    assert "PII001" not in _codes(judged, "fct")


def test_what_nothing_new_flows_into_is_the_very_object_that_it_was(
    shop: Shop, again: Again
) -> None:
    before = again.judge().facts.inventory.relations
    shop.write("models/intermediate/int.sql", "select country from {{ ref('stg') }} where 1 = 1")
    shop.compile()
    after = again.judge().facts.inventory.relations
    assert after["model.shop.other"] is before["model.shop.other"]
    assert after["model.shop.stg"] is before["model.shop.stg"]


def test_a_name_that_nobody_had_before_is_bound_anew(shop: Shop, again: Again) -> None:
    shop.write("models/marts/safe/fct.sql", 'select * from "shop"."main"."leaky"')
    shop.compile()
    _agree(again, shop.folder)
    shop.write("models/staging/leaky.sql", "select email from {{ source('raw', 'customers') }}")
    shop.compile()
    judged = _agree(again, shop.folder)
    assert judged.whole
    assert "PII001" in _codes(judged, "fct")


def test_a_column_that_a_query_asks_of_its_source_is_told_at_the_source(
    shop: Shop, again: Again
) -> None:
    asked = ("select country, phone_number from", "select country from")
    for first in asked:
        shop.write("models/staging/stg.sql", f"{first} {{{{ source('raw', 'customers') }}}}")
        shop.compile()
        judged = _agree(again, shop.folder)
        found = {one.code for one in _told(judged) if one.node == SOURCE}
        assert ("TAG001" in found) == ("phone_number" in first)


def test_an_ignore_in_a_template_counts_at_once(shop: Shop, again: Again) -> None:
    leak = "select email from {{ ref('stg') }}"
    shop.write("models/marts/safe/other.sql", leak)
    shop.compile()
    assert not [one for one in _told(_agree(again, shop.folder)) if one.suppressed]
    shop.write(
        "models/marts/safe/other.sql",
        f"{leak} -- pii-lint: ignore[PII001] until=2026-12-31 a test",
    )
    shop.compile()
    assert [one for one in _told(_agree(again, shop.folder)) if one.suppressed]


def test_a_changed_policy_holds_for_every_model(shop: Shop, again: Again) -> None:
    shop.write("pii_lint.yml", "version: 1\nzones:\n  safe: {paths: [models/intermediate]}\n")
    assert _agree(again, shop.folder).whole


def test_a_source_that_says_something_else_is_followed_anew(shop: Shop, again: Again) -> None:
    text = shop.manifest.read_text()
    said = json.loads(text)
    said["sources"][SOURCE]["columns"]["country"] = {"name": "country", "tags": ["pii"]}
    shop.manifest.write_text(json.dumps(said))
    judged = _agree(again, shop.folder)
    assert "PII001" in _codes(judged, "fct")


def test_lines_that_moved_in_a_properties_file_are_told_anew(shop: Shop, again: Again) -> None:
    mart, tag = "models/marts/safe/other", "version: 2\nmodels:\n  - name: other\n    columns:\n"
    shop.write(f"{mart}.yml", f"{tag}      - name: country\n        tags: [pii]\n")
    shop.compile()
    _agree(again, shop.folder)
    shop.write(f"{mart}.yml", f"# moved\n\n{tag}      - name: country\n        tags: [pii]\n")
    assert not _agree(again, shop.folder).whole


def test_a_stale_manifest_is_refused_and_nothing_is_forgotten(shop: Shop, again: Again) -> None:
    shop.write("models/marts/safe/fct.sql", "select email from {{ ref('stg') }}")
    with pytest.raises(StaleManifest):
        again.judge()
    shop.compile()
    assert not _agree(again, shop.folder).whole


def test_a_manifest_written_whole_anew_gives_the_nodes_that_were(shop: Shop, again: Again) -> None:
    before = again.judge().facts.nodes
    said = json.loads(shop.manifest.read_text())
    for node in said["nodes"].values():
        node["description"] = "said of each"
    shop.manifest.write_text(json.dumps(said))
    after = _agree(again, shop.folder)
    assert all(after.facts.nodes[uid] is node for uid, node in before.items())
    assert not after.whole


# --- edits at random ------------------------------------------------------------------------------


def _model(chance: random.Random, said: Json) -> Json:
    uids = sorted(uid for uid, node in said["nodes"].items() if node["resource_type"] == "model")
    found: Json = said["nodes"][chance.choice(uids)]
    return found


def _write_sql(folder: Path, node: Json, raw: str, compiled: str) -> None:
    node.update(raw_code=raw, compiled_code=compiled, checksum=manifest._checksum(raw))
    manifest._put(folder / node["original_file_path"], raw)


def _longer(chance: random.Random, said: Json, folder: Path) -> None:
    node, head = _model(chance, said), "\n" * chance.randrange(1, 4)
    _write_sql(folder, node, head + node["raw_code"], head + node["compiled_code"])


def _starred(chance: random.Random, said: Json, folder: Path) -> None:
    """A model becomes all that another one holds."""
    node, other = _model(chance, said), _model(chance, said)
    name = other["relation_name"]
    node["depends_on"]["nodes"] = [other["unique_id"]]
    _write_sql(
        folder, node, f"select * from {{{{ ref('{other['name']}') }}}}", f"select * from {name}"
    )


def _broken(chance: random.Random, said: Json, folder: Path) -> None:
    node = _model(chance, said)
    _write_sql(folder, node, "select from where", "select from where")


def _retagged(chance: random.Random, said: Json, folder: Path) -> None:
    node = _model(chance, said)
    if node["columns"]:
        column = node["columns"][chance.choice(sorted(node["columns"]))]
        column["tags"] = [] if column.get("tags") else ["pii"]


def _moved(chance: random.Random, said: Json, folder: Path) -> None:
    node = _model(chance, said)
    node["tags"] = [*node["tags"], "pii"] if "pii" not in node["tags"] else []


def _retyped(chance: random.Random, said: Json, folder: Path) -> None:
    source = said["sources"][chance.choice(sorted(said["sources"]))]
    column = source["columns"][chance.choice(sorted(source["columns"]))]
    column["tags"] = [] if column.get("tags") else ["pii"]


EDITS: tuple[Edit, ...] = (_longer, _starred, _broken, _retagged, _moved, _retyped)


@pytest.mark.parametrize("seed", range(6))
def test_any_row_of_edits_ends_where_a_new_process_would(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    manifest.write(warehouse(A_DOMAIN), tmp_path)
    again = Again(_options(tmp_path))
    again.judge()
    file = tmp_path / "target" / "manifest.json"
    partly = 0
    for _ in range(6):
        said = json.loads(file.read_text())
        for edit in chance.sample(EDITS[:5], chance.randrange(1, 3)):
            edit(chance, said, tmp_path)
        if chance.random() < 0.2:
            _retyped(chance, said, tmp_path)
        file.write_text(json.dumps(said))
        partly += not _agree(again, tmp_path).whole
    assert partly
