"""A small project whose access is governed: what dbt would have written of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

POLICY = """\
version: 1
zones:
  safe: {paths: [models/marts/safe]}
  restricted: {paths: [models/marts/restricted]}
roles:
  confidential: [support]
  restricted: [officer]
"""
KINDS = {"email": "email", "born_on": "birth_date", "ssn": "ssn"}
TYPES = {"id": "bigint", "email": "text", "born_on": "date", "ssn": "text", "country": "text"}


def shop(
    folder: Path,
    *,
    adapter: str = "postgres",
    policy: str = POLICY,
    mart: str = "mart_contact",
    column: str = "email",
    readers: tuple[str, ...] = ("support", "analyst", "officer"),
) -> Path:
    """Write a project with one source, a view on it, a safe and a restricted mart."""

    def role(name: str) -> str:
        return f"group:{name}@example.com" if adapter == "bigquery" else name

    for name in ("support", "officer"):
        policy = policy.replace(f"[{name}]", f"['{role(name)}']")

    # dbt quotes nothing on Snowflake
    mark = {"bigquery": "`", "databricks": "`", "snowflake": ""}.get(adapter, '"')

    def quoted(name: str) -> str:
        return f"{mark}{name.replace(mark, mark * 2) if mark else name}{mark}"

    def model(
        name: str, path: str, schema: str, code: str, reads: str, **config: object
    ) -> dict[str, Any]:
        return {
            "resource_type": "model",
            "name": name,
            "package_name": "shop",
            "original_file_path": f"models/{path}.sql",
            "database": "shop",
            "schema": schema,
            "alias": name,
            "relation_name": ".".join(map(quoted, ("shop", schema, name))),
            "raw_code": code,
            "compiled": True,
            "compiled_code": code,
            "depends_on": {"nodes": [reads]},
            "config": {"materialized": "table", **config},
            "columns": {},
        }

    raw = "source.shop.raw.customers"
    staged = "model.shop.stg_customers"
    renamed = f"email as {quoted(column)}" if column != "email" else "email"
    told: dict[str, dict[str, Any]] = {
        "metadata": {
            "dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v12.json",
            "dbt_version": "1.11.16",
            "adapter_type": adapter,
            "project_name": "shop",
            "generated_at": "2026-11-22T00:00:00Z",
            "invocation_id": "0",
        },
        "nodes": {
            staged: model(
                "stg_customers",
                "staging/stg_customers",
                "staging",
                f"select id, {renamed}, born_on, country from shop.raw.customers",
                raw,
                materialized="view",
            ),
            "model.shop.fct_reach": model(
                "fct_reach",
                "marts/safe/fct_reach",
                "marts",
                "select id, country from shop.staging.stg_customers",
                staged,
                grants={"select": [role("analyst"), role("support")]},
            ),
            "model.shop.mart": model(
                mart,
                "marts/restricted/mart_contact",
                "restricted",
                f"select c.id, s.{quoted(column)}, s.born_on, c.ssn, s.country "
                "from shop.staging.stg_customers as s "
                "inner join shop.raw.customers as c on c.id = s.id",
                staged,
                grants={"select": list(map(role, readers)), "insert": ["loader"]},
            ),
        },
        "sources": {
            raw: {
                "resource_type": "source",
                "name": "customers",
                "package_name": "shop",
                "original_file_path": "models/raw/src.yml",
                "database": "shop",
                "schema": "raw",
                "identifier": "customers",
                "relation_name": ".".join(map(quoted, ("shop", "raw", "customers"))),
                "tags": ["pii"],
                "columns": {name: _column(name, kind) for name, kind in TYPES.items()},
            }
        },
        "macros": {},
        "exposures": {},
    }
    for node in told["nodes"].values():
        file = folder / str(node["original_file_path"])
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(str(node["raw_code"]), "utf-8")
    (folder / "target").mkdir(parents=True)
    (folder / "target/manifest.json").write_text(json.dumps(told), "utf-8")
    (folder / "dbt_project.yml").write_text("name: shop\nprofile: shop\n", "utf-8")
    (folder / "pii_lint.yml").write_text(policy, "utf-8")
    return folder


def _column(name: str, data_type: str) -> Mapping[str, object]:
    kind = KINDS.get(name)
    meta = {"pii": True, "pii_type": kind} if kind else {"pii": False}
    return {"name": name, "data_type": data_type, "meta": meta}
