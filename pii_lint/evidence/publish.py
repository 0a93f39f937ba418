"""Copy the safe marts into a file that holds nothing else.

A recipient gets pseudonyms of their own: each is digested once more under a salt that follows from
the warehouse's salt and the recipient's name. It joins with itself, with no other recipient's and
with nothing in the warehouse.
"""

from __future__ import annotations

import hmac
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

import duckdb

from pii_lint import __version__
from pii_lint.errors import ConfigError
from pii_lint.foretold import Forecast, Publication
from pii_lint.warehouse.duckdb_counts import opened
from pii_lint.warehouse.quoting import quoted, relation

_PSEUDONYM = "pseudonym"
MANIFEST = "manifest.json"


def publish(
    publication: Publication, database: Path, output: Path, *, parquet: bool, commit: str | None
) -> str:
    """Write the marts to `output`, a folder with its manifest; returns the manifest as JSON.

    Raises `ConfigError` where a mart isn't built or the output can't be written; nothing is left
    behind then.
    """
    if output.exists():
        raise ConfigError(f"{output} is there already: give a folder that isn't, nothing is mixed.")
    if not output.parent.is_dir():
        raise ConfigError(f"There is no folder {output.parent}: make it first.")
    with _folder(output) as made, opened(database) as connection:
        salt = _salt(connection, publication)
        told = []
        if not parquet:
            file = str(made / "marts.duckdb").replace("'", "''")
            # to write is said here, for the warehouse itself is opened to read only
            connection.execute(f"attach '{file}' as published (read_write)")
        for mart in publication.marts:
            query = _query(connection, mart, salt is not None)
            values = [salt] if salt is not None and "?" in query else []
            if parquet:
                target = f"{mart.table.schema}.{mart.table.name}.parquet".replace("/", "_")
                path = str(made / target).replace("'", "''")
                connection.execute(f"copy ({query}) to '{path}' (format parquet)", values)
            else:
                connection.execute(
                    f"create schema if not exists published.{quoted(mart.table.schema)}"
                )
                connection.execute(
                    f"create table published.{relation(mart.table)} as {query}", values
                )
            told.append(_told(connection, mart))
        if not parquet:
            connection.execute("detach published")
        text = _manifest(publication, told, commit)
        (made / MANIFEST).write_text(text, "utf-8")
    return text


@contextmanager
def _folder(output: Path) -> Iterator[Path]:
    """A folder that appears under its name when all is written."""
    try:
        made = Path(mkdtemp(prefix=".pii-lint-", dir=output.parent))
    except OSError as wrong:
        raise ConfigError(f"Can't write to {output}: {wrong.strerror}.") from None
    try:
        yield made
        made.chmod(0o755)
        made.rename(output)
    except duckdb.Error as error:
        raise ConfigError(
            f"DuckDB could not copy the marts ({type(error).__name__}): check that they are built "
            "and that the disk has room."
        ) from None
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _salt(connection: duckdb.DuckDBPyConnection, publication: Publication) -> str | None:
    """The recipient's salt; None where pseudonyms stay as they are, within the company."""
    if publication.recipient is None:
        return None
    if publication.salt is None:
        raise ConfigError(
            "The policy names no single table with a salt, so a recipient can get no salt of their "
            "own: tag it `meta: {secret: true}`, or list it under `secrets`."
        )
    rows = connection.execute(f"select * from {relation(publication.salt)}").fetchall()  # noqa: S608
    if len(rows) != 1 or not rows[0] or not rows[0][0]:
        raise ConfigError("The salt's table doesn't hold one salt: run `pii-lint salt check`.")
    purpose = f"pii-lint publish {publication.recipient}".encode()
    return hmac.new(str(rows[0][0]).encode(), purpose, "sha256").hexdigest()


def _query(connection: duckdb.DuckDBPyConnection, mart: Forecast, rekeyed: bool) -> str:
    pseudonyms = {
        name.lower()
        for name, labels in mart.columns.items()
        if any(label.form == _PSEUDONYM for label in labels)
    }
    listed = []
    for name, sort in _columns(connection, mart):
        if rekeyed and name.lower() in pseudonyms:
            if sort != "VARCHAR":
                raise ConfigError(
                    f"{mart.name}.{name} is a pseudonym of type {sort}, which can't be digested "
                    "again for a recipient: cast it to text in the mart."
                )
            listed.append(f"sha256({quoted(name)} || ?1) as {quoted(name)}")
        else:
            listed.append(quoted(name))
    return f"select {', '.join(listed)} from {relation(mart.table)}"  # noqa: S608


def _columns(connection: duckdb.DuckDBPyConnection, mart: Forecast) -> list[tuple[str, str]]:
    rows = connection.execute(
        "select column_name, data_type from duckdb_columns() where lower(schema_name) = lower(?) "
        "and lower(table_name) = lower(?) and database_name = current_database() "
        "order by column_index",
        [mart.table.schema, mart.table.name],
    ).fetchall()
    if not rows:
        raise ConfigError(f"{mart.name} isn't built in this database: run `dbt build` first.")
    return [(str(name), str(sort)) for name, sort in rows]


def _told(connection: duckdb.DuckDBPyConnection, mart: Forecast) -> dict[str, object]:
    (rows,) = connection.execute(f"select count(*) from {relation(mart.table)}").fetchall()[0]  # noqa: S608
    labels = {name.lower(): labels for name, labels in mart.columns.items()}
    return {
        "name": mart.name,
        "table": f"{mart.table.schema}.{mart.table.name}",
        "rows": rows,
        "columns": [
            {
                "name": name,
                "type": sort,
                "labels": sorted(
                    {f"{label.kind} {label.form}" for label in labels.get(name.lower(), ())}
                ),
            }
            for name, sort in _columns(connection, mart)
        ],
    }


def _manifest(publication: Publication, marts: list[dict[str, object]], commit: str | None) -> str:
    told = {
        "schema_version": 1,
        "tool": {"name": "pii-lint", "version": __version__},
        "verdict": "passed",
        "recipient": publication.recipient,
        "commit": commit,
        "manifest_sha256": publication.manifest,
        "policy_sha256": publication.policy,
        "marts": marts,
    }
    return json.dumps(told, indent=2, ensure_ascii=False) + "\n"
