"""A small dbt project that uses whatever a manifest can hold, built once with the real dbt."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

SHOP = Path(__file__).parent / "shop"
VERSION = "https://schemas.getdbt.com/dbt/{}/v{}.json"

Write = Callable[..., Path]
PEOPLE = {
    "resource_type": "model",
    "name": "people",
    "package_name": "shop",
    "original_file_path": "models/people.sql",
    "relation_name": '"shop"."main"."people"',
    "compiled_code": "select 1",
}


@dataclass(frozen=True)
class Shop:
    """A copy of the project on disk, and a dbt that works in it."""

    root: Path

    @property
    def manifest(self) -> Path:
        return self.root / "target" / "manifest.json"

    @property
    def catalog(self) -> Path:
        return self.root / "target" / "catalog.json"

    def dbt(self, *command: str) -> None:
        """Run dbt in this process: importing it costs seconds."""
        from dbt.cli.main import dbtRunner

        folder = os.fspath(self.root)
        result = dbtRunner().invoke([*command, "--project-dir", folder, "--profiles-dir", folder])
        assert result.success, result.exception or result.result

    def copy(self, to: Path) -> Shop:
        """The same project elsewhere, time stamps kept."""
        return Shop(Path(shutil.copytree(self.root, to, symlinks=True)))


@pytest.fixture(scope="session")
def built(
    tmp_path_factory: pytest.TempPathFactory, require: Callable[[str], None]
) -> Iterator[Shop]:
    """The project after `dbt build` and `dbt docs generate`. Tests that write take a copy."""
    require("dbt")
    root = tmp_path_factory.mktemp("artifacts") / "shop"
    shutil.copytree(SHOP, root)
    # dbt hashes only the path of a seed of more than 1 MiB
    rows = "".join(f"{number},{'x' * 100}\n" for number in range(11_000))
    (root / "seeds" / "large.csv").write_text("id,filler\n" + rows)
    before = dict(os.environ)
    os.environ |= {
        "SHOP_DB": os.fspath(root.parent / "shop.duckdb"),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DBT_LOG_LEVEL": "none",
    }
    shop = Shop(root)
    shop.dbt("deps")
    shop.dbt("seed")
    shop.dbt("build")
    yield shop
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def shop(built: Shop, tmp_path: Path) -> Shop:
    """A copy of the built project that a test may change."""
    return built.copy(tmp_path / "shop")


@pytest.fixture
def write_manifest(tmp_path: Path) -> Write:
    """Write a small manifest into `target/` of an otherwise empty project."""

    def write(
        nodes: Mapping[str, object] | None = None,
        *,
        version: int = 12,
        metadata: Mapping[str, object] | None = None,
        **sections: object,
    ) -> Path:
        content = {
            "metadata": {
                "dbt_schema_version": VERSION.format("manifest", version),
                "dbt_version": "1.11.16",
                "project_name": "shop",
                "adapter_type": "duckdb",
                "generated_at": "2026-11-01T12:00:00.000000Z",
                "invocation_id": "one",
                **(metadata or {}),
            },
            "nodes": nodes or {"model.shop.people": PEOPLE},
            **sections,
        }
        path = tmp_path / "target" / "manifest.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(content))
        return path

    return write
