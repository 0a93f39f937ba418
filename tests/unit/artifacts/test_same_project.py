"""Several manifests count together only when they are of one project."""

from __future__ import annotations

import pytest

from pii_lint.artifacts.model import Project
from pii_lint.artifacts.same_project import same_project
from pii_lint.errors import ConfigError


def project(name: str, adapter: str = "duckdb") -> Project:
    return Project(name=name, adapter_type=adapter, dbt_version="1.11.16", nodes={})


def test_manifests_of_one_project_may_be_of_several_targets() -> None:
    assert same_project([project("shop"), project("shop", "snowflake")]) == "shop"


def test_manifests_of_two_projects_are_refused_by_name() -> None:
    with pytest.raises(ConfigError, match="different projects \\('bank', 'shop'\\)"):
        same_project([project("shop"), project("bank"), project("shop")])


def test_no_manifest_at_all_is_refused() -> None:
    with pytest.raises(ConfigError, match="--manifest"):
        same_project([])
