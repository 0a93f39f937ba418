"""A small warehouse to try evidence on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.evidence.shop import PROJECT, dbt


@pytest.fixture
def shop(require: Callable[[str], None], tmp_path: Path) -> Callable[..., Path]:
    """Makes the project, with files of one's own, and builds it."""
    require("dbt")
    require("duckdb")

    def make(**files: str) -> Path:
        import duckdb

        for name, text in {**PROJECT, **files}.items():
            file = tmp_path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        with duckdb.connect(str(tmp_path / "shop.duckdb")) as connection:
            connection.execute(
                "create table people as select i as id, 'p' || i || '@mail' || i % 3 || '.org' as "
                "email, date '1960-01-01' + cast(i * 400 as integer) as born, "
                "json_object('phone', '+4930' || (100000 + i), 'plan', 'basic') as document, "
                "['Rom', 'Bern'][1 + i % 2] as city from range(40) t(i); "
                f"create table salts as select '{'5a' * 32}' as salt"
            )
        dbt(tmp_path, "build")
        return tmp_path

    return make
