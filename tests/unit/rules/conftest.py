"""A dbt project in a few lines: what `dbt compile` would make of SQL and YAML, without dbt."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from pathlib import Path

import pytest
import yaml

from pii_lint.artifacts.model import Column, Exposure, Node, Project
from pii_lint.config import load_config
from pii_lint.data.registry import load_registry
from pii_lint.findings import Finding
from pii_lint.pipeline import check as checking
from pii_lint.policy import Policy
from pii_lint.propagation.link import trace
from pii_lint.rules import Facts

TODAY = date(2026, 11, 22)
SOURCES = """
sources:
  - name: raw
    tables:
      - name: customers
        tags: [pii]
        columns:
          - {name: customer_id}
          - {name: email, tags: [pii], meta: {pii: true, pii_type: email}}
          - {name: phone, tags: [pii], meta: {pii: true, pii_type: phone}}
          - {name: full_name, tags: [pii], meta: {pii: true, pii_type: full_name}}
          - {name: income, data_type: integer, tags: [pii], meta: {pii: true, pii_type: income}}
          - {name: country, meta: {pii: false}}
      - name: logins
        columns: [{name: login, meta: {pii: false}}, {name: login_at}]
  - name: secrets
    tables:
      - {name: pii_salt, meta: {secret: true}, columns: [{name: salt}]}
"""

_CALL = re.compile(r"\{\{\s*(\w+)\((.*?)\)\s*\}\}")
_DATA = re.compile(r"\.(csv|json|p8)$|^(profiles|dbt_project|packages)[.\w]*\.yml$")
"""Files that the rules read themselves, from the project's folder."""
_HOOK = re.compile(r'post_hook="([^"]*)"')

_ASIDE = re.compile(r"(?:\s*\{#-|\{#).*?(?:-#\}\s*|#\})", re.DOTALL)
_QUOTED = re.compile(r"'([^']*)'")


Files = Mapping[str, str]


@pytest.fixture
def facts_of(tmp_path: Path) -> Callable[[Files], Facts]:
    """The facts of a project written as files; a `pii_lint.yml` among them is its policy."""
    return lambda files: _facts(files, tmp_path)


@pytest.fixture
def findings_of(tmp_path: Path) -> Callable[[Files], list[Finding]]:
    """What `check` finds in such a project, suppressed findings and notes included."""
    return lambda files: list(checking.findings_of(_facts(files, tmp_path)))


def _project(files: Files) -> Project:
    """The project that these files make together with `SOURCES`."""
    properties = [yaml.safe_load(SOURCES)]
    properties += [
        yaml.safe_load(text)
        for path, text in files.items()
        if path.endswith(".yml") and path != "pii_lint.yml" and not _DATA.search(path)
    ]
    described = {model["name"]: model for each in properties for model in each.get("models", ())}
    nodes = {node.unique_id: node for each in properties for node in _sources(each)}
    for path, text in files.items():
        if path.endswith(".sql"):
            node = _model(path, text, described.get(Path(path).stem, {}))
            nodes[node.unique_id] = node
    exposures = {
        f"exposure.shop.{use['name']}": Exposure(
            unique_id=f"exposure.shop.{use['name']}",
            name=use["name"],
            type=use["type"],
            path="models/exposures.yml",
            depends_on=tuple(
                f"model.shop.{name}" for ref in use["depends_on"] for name in _QUOTED.findall(ref)
            ),
            meta=use.get("meta", {}),
        )
        for each in properties
        for use in each.get("exposures", ())
    }
    return Project("shop", "duckdb", "1.11.16", nodes, exposures)


def _facts(files: Files, folder: Path) -> Facts:
    policy_file = None
    if "pii_lint.yml" in files:
        policy_file = folder / "pii_lint.yml"
        policy_file.write_text(files["pii_lint.yml"], "utf-8")
    on_disk = {path: text for path, text in files.items() if _DATA.search(path)}
    for path, text in on_disk.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, "utf-8")
    config = load_config(policy_file)
    registry = load_registry(config.kinds)
    project = _project(files)
    return Facts(
        projects=(project,),
        config=config,
        policy=Policy(config, registry),
        registry=registry,
        inventory=trace([project], config, registry),
        today=TODAY,
        project_dir=folder if on_disk else None,
    )


def _sources(properties: Mapping[str, list[dict[str, object]]]) -> Iterator[Node]:
    for source in properties.get("sources", ()):
        for table in source["tables"]:
            yield Node(
                unique_id=f"source.shop.{source['name']}.{table['name']}",
                resource_type="source",
                name=table["name"],
                package="shop",
                path="models/raw/sources.yml",
                database="shop",
                schema=source["name"],
                alias=table["name"],
                relation_name=f'"shop"."{source["name"]}"."{table["name"]}"',
                columns=_columns(table),
                tags=frozenset(table.get("tags", ())),
                meta=table.get("meta", {}),
            )


def _model(path: str, text: str, described: Mapping[str, object]) -> Node:
    name = Path(path).stem
    reads: list[str] = []
    tags: set[str] = set()
    hooks: list[str] = []

    def render(call: re.Match[str]) -> str:
        macro, names = call[1], _QUOTED.findall(call[2])
        if macro == "config":
            hooks.extend(_HOOK.findall(call[2]))
            tags.update(_QUOTED.findall(_HOOK.sub("", call[2])))
            return ""
        if macro == "hash_pii":
            reads.append("source.shop.secrets.pii_salt")
            salt = '(select salt from "shop"."secrets"."pii_salt")'
            return f"sha256(cast({names[0]} as varchar) || {salt})"
        if macro == "source":
            reads.append(f"source.shop.{names[0]}.{names[1]}")
            return f'"shop"."{names[0]}"."{names[1]}"'
        reads.append(f"model.shop.{names[0]}")
        return f'"shop"."main"."{names[0]}"'

    compiled = _CALL.sub(render, _ASIDE.sub("", text).replace("\r\n", "\n"))
    sort = "snapshot" if path.startswith("snapshots/") else "model"
    return Node(
        unique_id=f"{sort}.shop.{name}",
        resource_type=sort,
        name=name,
        package="shop",
        path=path,
        patch_path=re.sub(r"\.sql$", ".yml", path),
        database="shop",
        schema="main",
        alias=name,
        relation_name=f'"shop"."main"."{name}"',
        materialized="incremental" if "materialized='incremental'" in text else "table",
        raw_code=text,
        compiled_code=compiled,
        post_hooks=tuple(hooks),
        columns=_columns(described),
        tags=frozenset(tags),
        meta=described.get("meta", {}),
        grants=described.get("config", {}).get("grants", {}),
        depends_on=tuple(dict.fromkeys(reads)),
    )


def _columns(table: Mapping[str, object]) -> dict[str, Column]:
    return {
        column["name"]: Column(
            column["name"],
            data_type=column.get("data_type"),
            tags=frozenset(column.get("tags", ())),
            meta=column.get("meta", {}),
        )
        for column in table.get("columns", ())
    }
