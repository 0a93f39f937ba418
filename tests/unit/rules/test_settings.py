"""Credentials and administrators in profiles and project files."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from pii_lint.artifacts.settings import settings
from pii_lint.findings import Finding

Files = Mapping[str, str]
FindingsOf = Callable[[Files], list[Finding]]

PEM = "-----BEGIN PRIVATE KEY-----\nAAAAcanary\n-----END PRIVATE KEY-----\n"
MODEL = {"models/staging/stg.sql": "select country from {{ source('raw', 'customers') }}"}


def of(findings: list[Finding], code: str) -> list[Finding]:
    return [finding for finding in findings if finding.code == code]


def profile(*lines: str) -> dict[str, str]:
    body = "".join(f"      {line}\n" for line in lines)
    return {**MODEL, "profiles.yml": f"shop:\n  outputs:\n    prod:\n{body}"}


# --- SEC002 -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        "password: canary-hunter2",
        "pass: 12345678",
        "token: dapicanary",
        "token: 'canary'",
        "client_secret: canary",
        "private_key_passphrase: canary",
        "aws_secret_access_key: canary",
        "'password' : canary",
        "http_path: dapi0123456789abcdef0123",
        "url: snowflake://loader:canary@shop",
        "note: sk_live_0123456789abcanary",
        "key: AKIAABCDEFGHIJKLMNOP",
        "# password: see sk_live_0123456789abcanary",
    ],
)
def test_a_credential_that_is_written_out_is_told_and_not_shown(
    findings_of: FindingsOf, line: str
) -> None:
    (found,) = of(findings_of(profile("type: postgres", line)), "SEC002")
    assert found.location is not None
    assert (found.location.file, found.location.line) == ("profiles.yml", 5)
    assert found.location.kind == "data"
    assert not any(word in repr(found) for word in ("canary", "12345678", "0123456789"))


@pytest.mark.parametrize(
    "line",
    [
        "password: \"{{ env_var('SHOP_PASSWORD') }}\"",
        "password: ''",
        "password:",
        "password: <your password>",
        "password: ${SHOP_PASSWORD}",
        "password: changeme",
        "authenticator: externalbrowser",
        "private_key_path: /run/secrets/key.p8",
        "keyfile: /run/secrets/key.json",
        "token_url: https://login.internal/token",
        "password_policy: strict",
        "url: https://shop.internal:443/a@b",
        "url: \"https://{{ env_var('U') }}:{{ env_var('P') }}@git.internal\"",
        "meta: {secret: true}",
    ],
)
def test_a_template_a_placeholder_or_a_path_is_no_credential(
    findings_of: FindingsOf, line: str
) -> None:
    assert of(findings_of(profile(line)), "SEC002") == []


def test_a_key_in_a_block_of_text_is_found_once(findings_of: FindingsOf) -> None:
    block = profile("private_key: |", *(f"  {line}" for line in PEM.splitlines()))
    assert len(of(findings_of(block), "SEC002")) == 1


def test_key_files_beside_the_project_are_found(findings_of: FindingsOf) -> None:
    found = of(findings_of({**MODEL, "loader.p8": PEM}), "SEC002")
    assert [f.node for f in found] == ["loader.p8"]
    key_file = '{"type": "service_account", "private_key_id": "0123456789abcdef"}'
    found = of(findings_of({**MODEL, "key.json": key_file, "other.json": "{}"}), "SEC002")
    assert [f.node for f in found] == ["key.json", "loader.p8"]


def test_project_files_are_looked_at_and_other_yaml_is_not(findings_of: FindingsOf) -> None:
    files = {
        **MODEL,
        "dbt_project.yml": "name: shop\nvars:\n  pii_salt: canary\n",
        "profiles.example.yml": "shop: {outputs: {dev: {password: canary}}}\n",
        "models/x.yml": "models: [{name: stg, meta: {password: canary}}]",
    }
    found = of(findings_of(files), "SEC002")
    assert sorted(f"{f.node} {f.column}" for f in found) == [
        "dbt_project.yml vars.pii_salt",
        "profiles.example.yml shop.outputs.dev.password",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "{% if x %}\nshop:\n  password: canary\n{% endif %}\n",
        "shop:\n  - [\n  password: canary\n",
        "shop: &a\n  password: canary\nother: *a\n",
        "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\npassword: canary\n",
    ],
)
def test_a_file_that_isn_t_plain_yaml_is_still_read(findings_of: FindingsOf, text: str) -> None:
    assert len(of(findings_of({**MODEL, "profiles.yml": text}), "SEC002")) == 1


def test_settings_of_odd_files() -> None:
    assert settings("") == []
    assert settings("\0") == []
    assert settings("[" * 5000) == []
    assert [s.path for s in settings("a: {b: [1, {c: 2}]}")] == [
        ("a", "b", "0"),
        ("a", "b", "1", "c"),
    ]
    assert settings("+a: 1")[0].key == "a"


# --- SEC004 -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "flagged"),
    [
        (["role: ACCOUNTADMIN"], True),
        (["role: accountadmin"], True),
        (["role: \"{{ env_var('SNOWFLAKE_ROLE', 'ACCOUNTADMIN') }}\""], True),
        (["roles: [reader, OWNERSHIP]"], True),
        (["role: roles/bigquery.admin"], True),
        (["role: TRANSFORMER_PROD"], False),
        (["role: \"{{ env_var('ACCOUNTADMIN') }}\""], False),
        (["role: NOT_ACCOUNTADMIN_AT_ALL"], False),
        (["schema: ACCOUNTADMIN"], False),
        (["host: db.shop.internal", "user: postgres"], True),
        (["host: \"{{ env_var('PGHOST') }}\"", "user: postgres"], False),
        (["host: localhost", "user: postgres"], False),
        (["host: db", "user: postgres"], False),
        (["host: \"{{ env_var('PGHOST', 'localhost') }}\"", "user: postgres"], False),
        (["host: db.shop.internal", "user: loader"], False),
        (["user: postgres"], False),
    ],
)
def test_an_administrator_is_told(findings_of: FindingsOf, lines: list[str], flagged: bool) -> None:
    assert len(of(findings_of(profile(*lines)), "SEC004")) == int(flagged)


def test_roles_outside_profiles_are_no_sign_in(findings_of: FindingsOf) -> None:
    files = {**MODEL, "dbt_project.yml": "name: shop\nvars: {role: ACCOUNTADMIN}\n"}
    assert of(findings_of(files), "SEC004") == []
