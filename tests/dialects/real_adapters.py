"""The vendors' own adapters write what the thin ones write, and take the example profile.

They are large, so neither `make test` nor the jobs of a change install them: `make dialects` does.
Nothing here opens a connection, and nothing could.
"""

from __future__ import annotations

import json
import os
import re
import secrets
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import yaml

from tests.dialects.compiling import CLOUDS, Compiled, Environ, compiled, copied
from tests.warehouse import REPOSITORY

OUTPUTS = yaml.safe_load((REPOSITORY / "profiles.example.yml").read_text(encoding="utf-8"))["acme"][
    "outputs"
]
PASSPHRASE = secrets.token_hex(8)  # of a key that opens nothing
INSTALLED = tuple(name for name in CLOUDS if find_spec(f"dbt.include.{name}"))
TARGETS = tuple(name for name, output in OUTPUTS.items() if output["type"] in CLOUDS)


def test_every_adapter_is_installed() -> None:
    assert INSTALLED == CLOUDS, "pip install '.[dev,duckdb,postgres,clouds]'"


@pytest.fixture(scope="module")
def environ(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Names and credentials that open nothing, of the right shapes."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    folder = tmp_path_factory.mktemp("credentials")
    # what `gcloud auth application-default login` leaves; nobody issued it
    unused = ("client_id", "client_secret", "refresh_token", "quota_project_id")
    google = {"type": "authorized_user", **dict.fromkeys(unused, "none")}
    (folder / "google.json").write_text(json.dumps(google), encoding="utf-8")
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    (folder / "snowflake.p8").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(PASSPHRASE.encode()),
        )
    )
    return Environ(
        GOOGLE_APPLICATION_CREDENTIALS=str(folder / "google.json"),
        SNOWFLAKE_PRIVATE_KEY_PATH=str(folder / "snowflake.p8"),
        SNOWFLAKE_PRIVATE_KEY_PASSPHRASE=PASSPHRASE,
        DATABRICKS_HOST="adb-1.cloud.databricks.com",
        DATABRICKS_HTTP_PATH="/sql/1.0/warehouses/a",
    )


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copied(tmp_path_factory.mktemp("real") / "acme")


@pytest.fixture(scope="module", params=INSTALLED)
def both(
    request: pytest.FixtureRequest,
    home: Path,
    environ: dict[str, str],
    dialects: dict[str, Compiled],
) -> tuple[Compiled, Compiled]:
    """What the real adapter writes and what the thin one does."""
    return compiled(request.param, home, environ), dialects[request.param]


def test_the_thin_adapter_writes_what_the_real_one_writes(both: tuple[Compiled, Compiled]) -> None:
    real, thin = ({name: tokens(sql) for name, sql in one.statements.items()} for one in both)
    assert real.keys() == thin.keys()
    assert [name for name in real if real[name] != thin[name]] == []
    assert len(real) > 100


@pytest.mark.parametrize("target", TARGETS)
def test_dbt_loads_the_target_with_the_real_adapter(
    target: str, home: Path, environ: dict[str, str]
) -> None:
    credentials = loaded(target, home, environ)
    assert credentials.type == OUTPUTS[target]["type"]
    written = {name: value for name, value in OUTPUTS[target].items() if name != "threads"}
    # a misspelt field would be kept aside, and not be one of the adapter's own
    known = {*credentials.__dataclass_fields__, *credentials._ALIASES, "type", "method"}
    assert set(written) - known == set()


@pytest.mark.parametrize("target", [name for name in TARGETS if name.startswith("redshift")])
def test_redshifts_adapter_finds_what_its_method_needs(
    target: str, home: Path, environ: dict[str, str]
) -> None:
    from dbt.adapters.redshift.connections import get_connection_method

    assert get_connection_method(loaded(target, home, environ))


@pytest.mark.parametrize("target", ["snowflake_ci", "snowflake_prod"])
def test_snowflakes_adapter_opens_the_key_with_its_passphrase(
    target: str, home: Path, environ: dict[str, str]
) -> None:
    arguments = loaded(target, home, environ).auth_args()
    assert arguments["private_key"]
    assert "password" not in arguments


def test_snowflakes_adapter_would_send_a_person_to_the_browser(
    home: Path, environ: dict[str, str]
) -> None:
    arguments = loaded("snowflake_dev", home, environ).auth_args()
    assert arguments["authenticator"] == "externalbrowser"
    assert not arguments.get("private_key")


def test_a_misspelt_field_would_be_found(home: Path, environ: dict[str, str]) -> None:
    from dbt_common.dataclass_schema import ValidationError

    fields = dict(OUTPUTS["redshift_prod"], prot=5439)
    del fields["port"]
    with pytest.raises(ValidationError):
        type(loaded("redshift_prod", home, environ)).validate(fields)


def loaded(target: str, home: Path, environ: dict[str, str]) -> Any:
    """The credentials that dbt's own loader makes of a target."""
    from argparse import Namespace

    from dbt.adapters.factory import FACTORY
    from dbt.config.profile import Profile
    from dbt.config.renderer import ProfileRenderer
    from dbt.flags import set_from_args

    with patch.dict(os.environ, environ, clear=True):
        set_from_args(Namespace(PROFILES_DIR=str(home), TARGET=target), {})
        FACTORY.load_plugin(OUTPUTS[target]["type"])
        raw = yaml.safe_load((home / "profiles.yml").read_text(encoding="utf-8"))
        profile = Profile.from_raw_profiles(raw, "acme", ProfileRenderer({}), target)
        return profile.credentials


def tokens(sql: str) -> list[str]:
    """A statement without its layout, which nobody reads."""
    return re.findall(r"'[^']*'|\"[^\"]*\"|`[^`]*`|\w+|[^\w\s]", sql)
