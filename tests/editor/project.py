"""A small dbt project on disk, and what `dbt compile` would make of it."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

SOURCE = "source.shop.raw.customers"
_CALL = re.compile(r"\{\{ (?:ref|source)\('(?:raw', ')?(\w+)'\) \}\}")
_CONFIG = re.compile(r"\{\{ config\(.*?\)\n?\}\}", re.DOTALL)


class Shop:
    """Models by path; a source with a tagged column is there already."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.manifest = folder / "target" / "manifest.json"
        self.write("dbt_project.yml", "name: shop\nprofile: shop\n")
        self.source = self.write(
            "models/raw/src.yml",
            "sources:\n"
            "  - name: raw\n"
            "    tables:\n"
            "      - name: customers\n"
            "        config: {tags: [pii]}\n"
            "        columns:\n"
            "          - name: email\n"
            "          - name: country\n",
        )

    def write(self, path: str, text: str) -> Path:
        """A file of the project."""
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode())
        return file

    def compile(self) -> Path:
        """Write the manifest as dbt would."""
        self.write("target/manifest.json", json.dumps(self._manifest()))
        return self.manifest

    def _manifest(self) -> object:
        files = sorted(self.folder.glob("models/**/*.sql"))
        tagged = {"pii": True, "pii_type": "email"}
        return {
            "metadata": {
                "dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v12.json",
                "dbt_version": "1.11.16",
                "adapter_type": "duckdb",
                "project_name": "shop",
                "generated_at": "2026-11-22T00:00:00Z",
                "invocation_id": "0",
            },
            "nodes": {f"model.shop.{file.stem}": self._model(file) for file in files},
            "sources": {
                SOURCE: {
                    "resource_type": "source",
                    "name": "customers",
                    "package_name": "shop",
                    "original_file_path": "models/raw/src.yml",
                    "database": "shop",
                    "schema": "raw",
                    "identifier": "customers",
                    "relation_name": '"shop"."main"."customers"',
                    "tags": ["pii"],
                    "columns": {
                        "email": {"name": "email", "tags": ["pii"], "meta": tagged},
                        "country": {"name": "country", "meta": {"pii": False}},
                    },
                }
            },
            "macros": {},
            "exposures": {},
        }

    def _model(self, file: Path) -> dict[str, object]:
        sql = file.read_bytes().decode()
        raw = sql.replace("\r\n", "\n").strip()
        names = _CALL.findall(sql)
        described = file.with_suffix(".yml")
        return {
            "resource_type": "model",
            "name": file.stem,
            "package_name": "shop",
            "original_file_path": file.relative_to(self.folder).as_posix(),
            "patch_path": f"shop://{described.relative_to(self.folder).as_posix()}"
            if described.is_file()
            else None,
            "database": "shop",
            "schema": "main",
            "alias": file.stem,
            "relation_name": f'"shop"."main"."{file.stem}"',
            "checksum": {"name": "sha256", "checksum": hashlib.sha256(raw.encode()).hexdigest()},
            "raw_code": raw,
            "compiled": True,
            "compiled_code": _CALL.sub(r'"shop"."main"."\1"', _CONFIG.sub("", raw)),
            "depends_on": {
                "nodes": [SOURCE if name == "customers" else f"model.shop.{name}" for name in names]
            },
            "config": {"materialized": "table"},
            "columns": {},
        }
