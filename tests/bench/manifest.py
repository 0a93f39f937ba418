"""Writes a made-up warehouse as dbt would leave it: its files, `manifest.json`, `catalog.json`."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.bench.project import Model, Warehouse
from tests.bench.relations import Column, Relation

PROJECT = "bench"
WRITTEN = "2026-01-01T00:00:00.000000Z"
SALT = f"source.{PROJECT}.pii_secrets.pii_salt"
DECLARED = {"staging": 2, "intermediate": 3, "marts": 1}
# every so many columns of a model is declared in YAML
MACROS = 450
# as many as dbt and an adapter bring along

_JINJA = re.compile(
    r"\{\{ (?P<word>config|ref|source|hash_pii|this)(?:\((?P<given>.*?)\))? \}\}(?P<rest>\n*)"
)
_UNLESS_BUILT = re.compile(r"\{% if is_incremental\(\) %\}.*?\{% endif %\}", re.DOTALL)

Json = dict[str, Any]


def write(made: Warehouse, folder: Path, *, changed: str | None = None) -> None:
    """The project in `folder`; the model `changed` gets one more column, as an edit would give it."""
    for name, text in _fixed_files():
        _put(folder / name, text)
    for domain, tables in made.sources.items():
        _put(folder / f"models/staging/{domain}/_sources.yml", _source_yaml(domain, tables))
    models = [_changed(model) if model.name == changed else model for model in made.models]
    for model in models:
        _put(folder / model.folder / f"{model.name}.sql", model.template)
        _put(folder / model.folder / f"{model.name}.yml", _model_yaml(model))
    _put(folder / "target/manifest.json", json.dumps(manifest(made.sources, models)))


def write_catalog(made: Warehouse, folder: Path) -> None:
    """What `dbt docs generate` would add. Tools that need it want it beside the manifest."""
    _put(folder / "target/catalog.json", json.dumps(_catalog(made)))


def compiled(model: Model) -> str:
    """The template as dbt renders it on an empty warehouse."""
    return _JINJA.sub(_rendered, _UNLESS_BUILT.sub("", model.template))


def relation_of(model: Model) -> str:
    """The model's name in the warehouse."""
    return _relation(_schema(model.name), model.name)


def manifest(sources: dict[str, list[Relation]], models: list[Model]) -> Json:
    """The manifest's content, version 12."""
    tables = {
        f"source.{PROJECT}.{domain}.{table.name}": _source(domain, table)
        for domain, listed in sources.items()
        for table in listed
    }
    nodes: Json = {}
    for model in models:
        nodes[f"model.{PROJECT}.{model.name}"] = _model(model)
        nodes |= _tests(model)
    exposures = {
        f"exposure.{PROJECT}.{m.domain}": _exposure(m) for m in models if m.layer == "marts"
    }
    parents = {
        key: node["depends_on"]["nodes"] for key, node in [*nodes.items(), *exposures.items()]
    }
    parents |= {key: [] for key in tables}
    children: dict[str, list[str]] = {key: [] for key in parents}
    for key, ups in parents.items():
        for up in ups:
            children.setdefault(up, []).append(key)
    return {
        "metadata": {
            "dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v12.json",
            "dbt_version": "1.11.16",
            "generated_at": WRITTEN,
            "invocation_id": "00000000-0000-0000-0000-000000000000",
            "project_name": PROJECT,
            "project_id": hashlib.md5(PROJECT.encode(), usedforsecurity=False).hexdigest(),
            "adapter_type": "duckdb",
        },
        "nodes": nodes,
        "sources": tables | {SALT: _salt()},
        "macros": dict(_macros()),
        "docs": {},
        "exposures": exposures,
        "metrics": {},
        "groups": {},
        "selectors": {},
        "disabled": {},
        "parent_map": parents,
        "child_map": children,
        "group_map": {},
        "saved_queries": {},
        "semantic_models": {},
        "unit_tests": {},
        "functions": {},
    }


def _rendered(found: re.Match[str]) -> str:
    given = re.findall(r"'([^']*)'", found["given"] or "")
    match found["word"]:
        case "config":
            return ""
        case "ref":
            return _relation(_schema(given[0]), given[0]) + found["rest"]
        case "source":
            return _relation(f"raw_{given[0]}", given[1]) + found["rest"]
        case "hash_pii":
            salt = _relation("pii_secrets", "pii_salt")
            return (
                f"sha256(cast({given[0]} as varchar) || (select salt from {salt}))" + found["rest"]
            )
        case word:
            raise ValueError(f"no model of an empty warehouse has {word}")


def _relation(schema: str, name: str) -> str:
    return f'"{PROJECT}"."{schema}"."{name}"'


def _schema(model: str) -> str:
    return {"stg": "staging", "int": "intermediate", "mart": "marts"}[model.partition("_")[0]]


def _changed(model: Model) -> Model:
    head, _, rest = model.template.rpartition("\n\nselect * from final")
    template = f"{head}\n\nselect\n    *,\n    1 as edited\nfrom final{rest}"
    columns = (*model.columns, Column("edited", "count"))
    return Model(
        model.name, model.layer, model.folder, model.domain, model.sort, template, columns, model.ups,
        model.masked, model.incremental,
    )  # fmt: skip


def _model(model: Model) -> Json:
    path = f"{model.folder}/{model.name}.sql"
    materialized = re.search(r"materialized='(\w+)'", model.template)
    macros = [f"macro.{PROJECT}.hash_pii"] if model.masked else []
    macros += ["macro.dbt.is_incremental"] if model.incremental else []
    declared = model.columns[:: DECLARED[model.layer]]
    return {
        **_common(model.name, "model", path),
        "alias": model.name,
        "database": PROJECT,
        "schema": _schema(model.name),
        "relation_name": relation_of(model),
        "patch_path": f"{PROJECT}://{model.folder}/{model.name}.yml",
        "checksum": _checksum(model.template),
        "tags": model.tags,
        "config": _config(materialized[1] if materialized else "view") | {"tags": model.tags},
        "description": f"Made up for a benchmark: {model.name}.",
        "columns": {column.name: _column(column.name) for column in declared},
        "depends_on": {"macros": macros, "nodes": _parents(model)},
        "language": "sql",
        "raw_code": model.template.strip(),
        "compiled": True,
        "compiled_path": f"target/compiled/{PROJECT}/{path}",
        "compiled_code": compiled(model),
        "extra_ctes": [],
        "refs": [{"name": up.name, "package": None, "version": None} for up in model.ups],
        "contract": {"enforced": False, "alias_types": True, "checksum": None},
        "access": "protected",
        "constraints": [],
        "primary_key": [model.columns[0].name],
    }


def _parents(model: Model) -> list[str]:
    parents = [
        f"source.{PROJECT}.{model.domain}.{up.name}"
        if "source(" in up.ref
        else f"model.{PROJECT}.{up.name}"
        for up in model.ups
    ]
    return [*parents, SALT] if model.masked else parents


def _tests(model: Model) -> Json:
    return {
        f"test.{PROJECT}.{kind}_{model.name}.{number:010x}": {
            **_common(f"{kind}_{model.name}", "test", f"{model.folder}/{model.name}.yml"),
            "alias": f"{kind}_{model.name}",
            "database": PROJECT,
            "schema": "dbt_test__audit",
            "relation_name": None,
            "checksum": {"name": "none", "checksum": ""},
            "config": {
                "enabled": True,
                "severity": "ERROR",
                "tags": [],
                "meta": {},
                "materialized": "test",
            },
            "columns": {},
            "depends_on": {
                "macros": [f"macro.dbt.test_{kind}"],
                "nodes": [f"model.{PROJECT}.{model.name}"],
            },
            "language": "sql",
            "raw_code": f"{{{{ test_{kind}(**_dbt_generic_test_kwargs) }}}}",
            "compiled": True,
            "compiled_code": f"select {model.columns[0].name} from "
            f"{relation_of(model)} where {model.columns[0].name} is null",
            "test_metadata": {
                "name": kind,
                "namespace": None,
                "kwargs": {"column_name": model.columns[0].name},
            },
            "column_name": model.columns[0].name,
            "attached_node": f"model.{PROJECT}.{model.name}",
        }
        for number, kind in enumerate(("unique", "not_null"))
    }


def _source(domain: str, table: Relation) -> Json:
    personal = any(column.personal for column in table.columns)
    return {
        **_common(table.name, "source", f"models/staging/{domain}/_sources.yml"),
        "source_name": domain,
        "unique_id": f"source.{PROJECT}.{domain}.{table.name}",
        "identifier": table.name,
        "database": PROJECT,
        "schema": f"raw_{domain}",
        "relation_name": _relation(f"raw_{domain}", table.name),
        "tags": ["pii"] if personal else [],
        "config": {"enabled": True, "tags": ["pii"] if personal else [], "meta": {}},
        "columns": {
            column.name: _column(column.name, column.type if column.personal else None)
            for column in table.columns
        },
    }


def _salt() -> Json:
    salt = _column("salt") | {"meta": {"secret": True}}
    return {
        **_common("pii_salt", "source", "models/_secrets.yml"),
        "source_name": "pii_secrets",
        "identifier": "pii_salt",
        "database": PROJECT,
        "schema": "pii_secrets",
        "relation_name": _relation("pii_secrets", "pii_salt"),
        "meta": {"secret": True},
        "config": {"enabled": True, "tags": [], "meta": {"secret": True}},
        "columns": {"salt": salt},
    }


def _common(name: str, kind: str, path: str) -> Json:
    return {
        "name": name,
        "resource_type": kind,
        "package_name": PROJECT,
        "path": path.partition("/")[2],
        "original_file_path": path,
        "unique_id": f"{kind}.{PROJECT}.{name}",
        "fqn": [PROJECT, *path.split("/")[1:-1], name],
        "tags": [],
        "meta": {},
        "docs": {"show": True, "node_color": None},
        "unrendered_config": {},
        "created_at": 1767225600.0,
    }


def _column(name: str, kind: str | None = None) -> Json:
    tags = ["pii"] if kind else []
    meta = {"pii": True, "pii_type": kind} if kind else {}
    return {
        "name": name,
        "description": f"The {name.replace('_', ' ')}, as the business uses the word.",
        "meta": meta,
        "data_type": None,
        "constraints": [],
        "quote": None,
        "config": {"meta": meta, "tags": tags},
        "tags": tags,
        "granularity": None,
        "doc_blocks": [],
    }


def _config(materialized: str) -> Json:
    return {
        "enabled": True,
        "alias": None,
        "schema": None,
        "database": None,
        "tags": [],
        "meta": {},
        "group": None,
        "materialized": materialized,
        "incremental_strategy": None,
        "persist_docs": {},
        "post-hook": [],
        "pre-hook": [],
        "quoting": {},
        "column_types": {},
        "full_refresh": None,
        "unique_key": None,
        "on_schema_change": "ignore",
        "on_configuration_change": "apply",
        "grants": {},
        "packages": [],
        "docs": {"show": True, "node_color": None},
        "contract": {"enforced": False, "alias_types": True},
        "access": "protected",
    }


def _exposure(model: Model) -> Json:
    return {
        **_common(model.domain, "exposure", f"models/staging/{model.domain}/_sources.yml"),
        "type": "dashboard",
        "owner": {"email": None, "name": "Analysts"},
        "maturity": None,
        "url": None,
        "config": {"enabled": True, "tags": [], "meta": {}},
        "depends_on": {"macros": [], "nodes": [f"model.{PROJECT}.{model.name}"]},
    }


def _macros() -> Iterator[tuple[str, Json]]:
    bodies = {f"macro.{PROJECT}.hash_pii": HASH_PII, "macro.dbt.is_incremental": IS_INCREMENTAL}
    for number in range(MACROS):
        lines = "\n".join(
            f"    {{%- set step_{line} = arguments[{line}] -%}}" for line in range(20)
        )
        bodies[f"macro.dbt.built_in_{number:03}"] = (
            f"{{% macro built_in_{number:03}(arguments) %}}\n{lines}\n{{% endmacro %}}"
        )
    for key, body in bodies.items():
        _, package, name = key.split(".")
        yield (
            key,
            {
                "name": name,
                "resource_type": "macro",
                "package_name": package,
                "path": f"macros/{name}.sql",
                "original_file_path": f"macros/{name}.sql",
                "unique_id": key,
                "macro_sql": body,
                "depends_on": {"macros": []},
                "description": "",
                "meta": {},
                "arguments": [],
            },
        )


def _catalog(made: Warehouse) -> Json:
    tables = {
        f"source.{PROJECT}.{domain}.{table.name}": _catalogued(
            f"source.{PROJECT}.{domain}.{table.name}", f"raw_{domain}", table.name, table.columns
        )
        for domain, listed in made.sources.items()
        for table in listed
    }
    tables[SALT] = _catalogued(SALT, "pii_secrets", "pii_salt", (Column("salt", "text"),))
    return {
        "metadata": {
            "dbt_schema_version": "https://schemas.getdbt.com/dbt/catalog/v1.json",
            "dbt_version": "1.11.16",
            "generated_at": WRITTEN,
            "invocation_id": "00000000-0000-0000-0000-000000000000",
            "env": {},
        },
        "nodes": {
            key: _catalogued(key, _schema(model.name), model.name, model.columns)
            for model in made.models
            for key in [f"model.{PROJECT}.{model.name}"]
        },
        "sources": tables,
        "errors": None,
    }


def _catalogued(key: str, schema: str, name: str, columns: tuple[Column, ...]) -> Json:
    return {
        "metadata": {
            "type": "BASE TABLE", "schema": schema, "name": name, "database": PROJECT, "comment": None, "owner": None,
        },
        "columns": {
            column.name: {
                "type": column.data_type.upper(), "index": place, "name": column.name, "comment": None,
            }
            for place, column in enumerate(columns, 1)
        },
        "stats": {},
        "unique_id": key,
    }  # fmt: skip


HASH_PII = (
    "{% macro hash_pii(column) -%}\n"
    "    sha256(cast({{ column }} as varchar) || (select salt from {{ source('pii_secrets', 'pii_salt') }}))\n"
    "{%- endmacro %}"
)
IS_INCREMENTAL = "{% macro is_incremental() %}\n    {{ return(model.config.materialized == 'incremental') }}\n{% endmacro %}"


def _fixed_files() -> Iterator[tuple[str, str]]:
    yield (
        "dbt_project.yml",
        f'name: {PROJECT}\nversion: "1.0.0"\nconfig-version: 2\nprofile: {PROJECT}\n',
    )
    yield "macros/hash_pii.sql", HASH_PII + "\n"
    yield (
        "pii_lint.yml",
        f"version: 1\n\nsecrets:\n  - column: {SALT}.salt\n",
    )
    yield (
        "models/_secrets.yml",
        "sources:\n  - name: pii_secrets\n    tables:\n      - name: pii_salt\n        columns:\n"
        "          - name: salt\n            config: {meta: {secret: true}}\n",
    )


def _source_yaml(domain: str, tables: list[Relation]) -> str:
    lines = ["sources:", f"  - name: {domain}", f"    schema: raw_{domain}", "    tables:"]
    for table in tables:
        lines += [f"      - name: {table.name}", "        columns:"]
        for column in table.columns:
            lines.append(f"          - name: {column.name}")
            if column.personal:
                lines.append(
                    f"            config: {{tags: [pii], meta: {{pii: true, pii_type: {column.type}}}}}"
                )
    return "\n".join([*lines, "exposures:", f"  - name: {domain}", "    type: dashboard", ""])


def _model_yaml(model: Model) -> str:
    tags = ", ".join(model.tags)
    lines = [
        "models:",
        f"  - name: {model.name}",
        f"    config: {{tags: [{tags}]}}",
        "    columns:",
    ]
    for column in model.columns[:: DECLARED[model.layer]]:
        described = f"The {column.name.replace('_', ' ')}, as the business uses the word."
        lines += [f"      - name: {column.name}", f"        description: {described}"]
    return "\n".join([*lines, ""])


def _checksum(text: str) -> Json:
    return {"name": "sha256", "checksum": hashlib.sha256(text.strip().encode()).hexdigest()}


def _put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
