"""The example profile signs in as each system's own advice is, and holds no credential."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.warehouse import REPOSITORY

TEXT = (REPOSITORY / "profiles.example.yml").read_text(encoding="utf-8")
OUTPUTS: dict[str, dict[str, Any]] = yaml.safe_load(TEXT)["acme"]["outputs"]
CREDENTIAL = re.compile(
    r"pass|token|secret|_key|key_|private|certificate|keyfile|access_key|api", re.IGNORECASE
)
INLINE = {
    "stripe": r"sk_live_\w+",
    "databricks": r"\bdapi[0-9a-f]{8,}",
    "pem": r"-----BEGIN [A-Z ]*PRIVATE KEY",
    "url": r"\w+://[^\s/:@]+:[^\s/:@]+@",
    "key file": r"\"?private_key_id\"?\s*:",
}
SUPERUSERS = r"ACCOUNTADMIN|OWNERSHIP|SECURITYADMIN|SYSADMIN|roles/bigquery\.admin|rdsadmin|awsuser"


def env(name: str) -> str:
    return f"{{{{ env_var('{name}') }}}}"


def test_every_engine_has_a_target() -> None:
    assert {output["type"] for output in OUTPUTS.values()} == {
        *("duckdb", "postgres", "spark"),
        *("snowflake", "bigquery", "databricks", "redshift", "trino"),
    }


@pytest.mark.parametrize("target", OUTPUTS)
def test_a_credential_comes_from_the_environment_and_has_no_default(target: str) -> None:
    for field, value in OUTPUTS[target].items():
        if CREDENTIAL.search(field):
            assert re.fullmatch(r"\{\{ env_var\('\w+'\) }}", str(value)), f"{target}.{field}"


@pytest.mark.parametrize("shape", INLINE)
def test_nothing_in_the_file_looks_like_a_credential(shape: str) -> None:
    assert re.findall(INLINE[shape], TEXT) == []


@pytest.mark.parametrize(
    ("shape", "written"),
    [
        ("stripe", "sk_live_" + "4eC39HqLyjWDarjtT1zdp7dc"),
        ("databricks", "token: dapi" + "0123456789abcdef"),
        ("pem", "-----BEGIN RSA " + "PRIVATE KEY-----"),
        ("url", "snowflake://user:" + "pass@account/db"),
        ("key file", '"private_' + 'key_id": "1"'),
    ],
)
def test_the_shapes_are_those_that_are_refused(shape: str, written: str) -> None:
    assert re.findall(INLINE[shape], written)


def test_no_target_asks_for_a_superuser() -> None:
    assert re.findall(SUPERUSERS, TEXT, re.IGNORECASE) == []


def test_every_variable_is_described_and_every_described_one_is_used() -> None:
    described = re.findall(r"^#   ([A-Z_]+) ", TEXT, re.MULTILINE)
    # read by the engine itself
    assert set(described) - {"SPARK_CONF_DIR"} == set(re.findall(r"env_var\('(\w+)'", TEXT))


# --- as each system advises -----------------------------------------------------------------------

ROLES = {
    "snowflake_dev": ("TRANSFORMER_DEV", "DEV_WH", "DEV", "DBT_{{ env_var('USER') | upper }}"),
    "snowflake_ci": (
        *("TRANSFORMER_CI", "CI_WH", "CI"),
        "PR_{{ env_var('CI_PR_NUMBER', 'default') }}",
    ),
    "snowflake_prod": ("TRANSFORMER_PROD", "PROD_WH", "PRODUCTION", "ANALYTICS"),
}  # fmt: skip
SIGN_IN: dict[str, dict[str, object]] = {
    # people: the browser; nobody has a password
    "snowflake_dev": {
        "account": env("SNOWFLAKE_ACCOUNT"),
        "user": env("SNOWFLAKE_USER"),
        "authenticator": "externalbrowser",
    },
    # services: a key pair, whose key stands outside of the repository
    "snowflake_ci": {
        "account": env("SNOWFLAKE_ACCOUNT"),
        "user": env("SNOWFLAKE_CI_USER"),
        "private_key_path": env("SNOWFLAKE_PRIVATE_KEY_PATH"),
        "private_key_passphrase": env("SNOWFLAKE_PRIVATE_KEY_PASSPHRASE"),
    },
    "snowflake_prod": {
        "account": env("SNOWFLAKE_ACCOUNT"),
        "user": env("SNOWFLAKE_PROD_USER"),
        "private_key_path": env("SNOWFLAKE_PRIVATE_KEY_PATH"),
        "private_key_passphrase": env("SNOWFLAKE_PRIVATE_KEY_PASSPHRASE"),
    },
    # application default credentials, or workload identity; no key file
    "bigquery_dev": {
        "method": "oauth",
        "project": env("GCP_PROJECT_ID"),
        "dataset": "dbt_" + env("USER"),
        "location": "US",
    },
    "bigquery_prod": {
        "method": "oauth",
        "project": env("GCP_PROJECT_ID"),
        "dataset": "analytics",
        "location": "US",
    },
    "databricks_dev": {
        "host": env("DATABRICKS_HOST"),
        "http_path": env("DATABRICKS_HTTP_PATH"),
        "token": env("DATABRICKS_TOKEN"),
        "catalog": "development",
    },
    "databricks_prod": {
        "host": env("DATABRICKS_HOST"),
        "http_path": env("DATABRICKS_HTTP_PATH"),
        "auth_type": "oauth",
        "client_id": env("DATABRICKS_CLIENT_ID"),
        "client_secret": env("DATABRICKS_CLIENT_SECRET"),
        "catalog": "production",
    },
    "redshift_dev": {"method": "browser_identity_center", "sslmode": "verify-full"},
    "redshift_prod": {"method": "iam_role", "sslmode": "verify-full"},
    "trino_dev": {"method": "oauth"},
    "trino_prod": {
        "method": "certificate",
        "client_certificate": env("TRINO_CLIENT_CERTIFICATE_PATH"),
        "client_private_key": env("TRINO_CLIENT_PRIVATE_KEY_PATH"),
    },
}


@pytest.mark.parametrize("target", ROLES)
def test_snowflake_has_a_role_a_warehouse_and_a_place_for_each_purpose(target: str) -> None:
    output = OUTPUTS[target]
    assert tuple(output[f] for f in ("role", "warehouse", "database", "schema")) == ROLES[target]


@pytest.mark.parametrize("target", SIGN_IN)
def test_a_target_signs_in_as_it_should(target: str) -> None:
    output = OUTPUTS[target]
    assert {field: output.get(field) for field in SIGN_IN[target]} == SIGN_IN[target]
    others = {field for field in output if CREDENTIAL.search(field)} - SIGN_IN[target].keys()
    assert others == set()


def test_the_page_on_credentials_names_every_target_and_its_variables() -> None:
    page = Path(REPOSITORY / "docs/credentials.md").read_text(encoding="utf-8")
    for target, output in OUTPUTS.items():
        rows = [
            line for line in page.splitlines() if line.startswith("|") and f"`{target}`" in line
        ]
        assert len(rows) == 1, target
        for variable in re.findall(r"env_var\('(\w+)'\)", str(output)):
            assert f"`{variable}`" in rows[0], f"{target}: {variable}"
