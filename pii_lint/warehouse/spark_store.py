"""The salt's table in a Spark warehouse.

Spark writes the SQL it runs, with its literals, into event logs and pages that others may read. So
the salt is in no statement: it is written as the one file of a table of text, past SQL, and what is
asked of it comes back as counts or as a digest.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from py4j.protocol import Py4JError
from pyspark import SparkContext
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from pii_lint.errors import ConfigError
from pii_lint.warehouse.profile import Target
from pii_lint.warehouse.salt import COLUMN, RELATION, SCHEMA, SHAPE, Salt, Sighting

_SETTINGS = "server_side_parameters"
_WAREHOUSE = "spark.sql.warehouse.dir"
# it needs no cluster, and a record of the session would serve nobody
_OWN = {
    "spark.master": "local[1]",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.eventLog.enabled": "false",
    "spark.ui.enabled": "false",
    # a catalog that another process holds is told after a moment
    "spark.hadoop.hive.hmshandler.retry.attempts": "1",
}
_FORMAT = "text"
_FILE = "salt"
_FOR_THE_OWNER = "700"


class SparkStore:
    """The warehouse that a target of a dbt profile names, by its catalog."""

    def __init__(self, target: Target) -> None:
        if (method := target.text("method")) != "session":
            raise ConfigError(
                f"Target {target.name} in {target.file} is a Spark by the method {method}, where "
                "this command can't keep a salt: run it where Spark itself runs, with a target of "
                f"the method session, or fill {RELATION} there yourself, one row with 64 random "
                "hexadecimal digits in a column `salt`."
            )
        self._settings = target.texts(_SETTINGS)

    @property
    def name(self) -> str:
        return f"the Spark warehouse {self._settings.get(_WAREHOUSE, 'spark-warehouse')}"

    @contextmanager
    def session(self, *, write: bool) -> Iterator[SparkStoreSession]:  # noqa: ARG002  no transactions
        # Spark's own error is dropped: it is pages long, and may quote data or SQL.
        try:
            with _spark(self._settings) as spark:
                yield SparkStoreSession(spark, self.name)
        except (PySparkException, Py4JError, OSError) as error:
            raise ConfigError(_sentence(str(error), self.name)) from None


class SparkStoreSession:
    """One session; Spark has no transactions, so what is written is a single file."""

    def __init__(self, spark: SparkSession, name: str) -> None:
        self._spark = spark
        self._name = name

    def look(self) -> Sighting:
        if not self._spark.catalog.tableExists(RELATION):
            return Sighting(table=False)
        rows, nulls, shortest, shaped = self._row(
            f"select count(*), count(*) - count({COLUMN}), coalesce(min(length({COLUMN})), 0), "  # noqa: S608
            f"coalesce(bool_and({COLUMN} rlike '^({SHAPE})$'), true) from {RELATION}"
        )
        return Sighting(True, int(str(rows)), int(str(nulls)), int(str(shortest)), bool(shaped))

    def holds(self, salt: Salt) -> bool:
        (digest,) = self._row(f"select min(sha2({COLUMN}, 256)) from {RELATION}")  # noqa: S608
        given = hashlib.sha256(salt.text.encode()).hexdigest()
        return hmac.compare_digest(str(digest), given)

    def put(self, salt: Salt) -> None:
        self._spark.sql(f"create schema if not exists {SCHEMA}")
        self._spark.sql(
            f"create table if not exists {RELATION} ({COLUMN} string) using {_FORMAT} "
            "comment 'One row: the salt of hash_pii. Written by pii-lint salt alone.'"
        )
        described = {
            str(row[0]): str(row[1])
            for row in self._spark.sql(f"describe table extended {RELATION}").collect()
        }
        if described.get("Provider", "").lower() != _FORMAT:
            raise ConfigError(
                f"{RELATION} of {self._name} is an empty table that something else made: drop it, "
                "then run this again."
            )
        self._write(described["Location"], salt)
        self._spark.sql(f"refresh table {RELATION}")

    def _write(self, location: str, salt: Salt) -> None:
        """By the file system of the warehouse, whichever it is; never over a file."""
        java = self._spark.sparkContext._jvm
        settings = self._spark.sparkContext._jsc.hadoopConfiguration()
        folder = java.org.apache.hadoop.fs.Path(location)
        system = folder.getFileSystem(settings)
        owner = java.org.apache.hadoop.fs.permission.FsPermission(_FOR_THE_OWNER)
        # before there is anything to read
        for each in (folder, folder.getParent()):
            system.setPermission(each, owner)
        stream = system.create(java.org.apache.hadoop.fs.Path(folder, _FILE), False)
        stream.write(salt.text.encode())
        stream.close()

    def _row(self, sql: str) -> tuple[object, ...]:
        """The only row of a query."""
        return tuple(self._spark.sql(sql).collect()[0])


@contextmanager
def _spark(settings: Mapping[str, str]) -> Iterator[SparkSession]:
    """A session as the profile says; one that runs in this process already is used and left."""
    running = SparkContext._active_spark_context is not None
    builder = SparkSession.builder
    if not running:
        for name, value in {**settings, **_OWN}.items():
            builder = builder.config(name, value)
    with _silence():
        spark = builder.enableHiveSupport().getOrCreate()
    try:
        yield spark
    finally:
        if not running:
            spark.stop()


@contextmanager
def _silence() -> Iterator[None]:
    """What is started here says nothing to the terminal: Java's complaints are pages long."""
    sys.stderr.flush()
    kept = os.dup(2)
    try:
        with open(os.devnull, "wb") as nowhere:  # noqa: PTH123
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _sentence(said: str, name: str) -> str:
    """What to do, by what the error is of."""
    if "JAVA_GATEWAY_EXITED" in said or ("java" in said and "No such file" in said):
        return "Spark needs Java, 17 or newer: install it, or name its folder with JAVA_HOME."
    if "FileAlreadyExists" in said:
        return f"Another salt command wrote to {name} at the same time: run `pii-lint salt check`."
    if "UNRESOLVED_COLUMN" in said:
        return (
            f"{RELATION} of {name} has no column {COLUMN}: drop table {RELATION}, then run "
            "`pii-lint salt init`."
        )
    if "Permission denied" in said or "AccessControlException" in said:
        return f"{name} can't be read or written by you: {SCHEMA} is for its owner alone."
    if "SessionHiveMetaStoreClient" in said or "HiveException" in said:
        return (
            f"The catalog of {name} can't be opened: another process may hold it, as only one at a "
            "time may open a catalog in a folder; wait until it ends, then run this again."
        )
    return f"Spark could not work on {name}: check the target's settings in the profile."
