"""The salt in a real DuckDB file: made once, never overwritten, never shown."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

duckdb = pytest.importorskip("duckdb")

from pii_lint.cli.salt import salt as salt_group  # noqa: E402
from pii_lint.errors import ConfigError  # noqa: E402
from pii_lint.warehouse import salt as salts  # noqa: E402
from pii_lint.warehouse.duckdb_store import DuckDBStore  # noqa: E402
from pii_lint.warehouse.profile import duckdb_path, find_target  # noqa: E402

SOUND = "0123456789abcdef" * 4
OTHER = "fedcba9876543210" * 4
TABLE = "create schema pii_secrets; create table pii_secrets.pii_salt (salt varchar)"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "acme.duckdb"


def store(file: Path) -> DuckDBStore:
    return DuckDBStore(file, patience=0.2)


def rows(file: Path) -> list[str | None]:
    with duckdb.connect(str(file), read_only=True) as connection:
        return [row[0] for row in connection.execute("from pii_secrets.pii_salt").fetchall()]


def run_sql(file: Path, sql: str) -> None:
    with duckdb.connect(str(file)) as connection:
        connection.execute(sql)


def salt_command(*arguments: str, stdin: str | None = None, **environment: str) -> Result:
    return CliRunner().invoke(salt_group, list(arguments), input=stdin, env=environment)


def refusal(result: Result) -> str:
    assert isinstance(result.exception, ConfigError), result
    assert result.exception.exit_code == 2
    return str(result.exception)


# init


def test_init_makes_one_salt_of_32_random_bytes(file: Path) -> None:
    salts.init(store(file))
    (made,) = rows(file)
    assert made is not None
    assert len(bytes.fromhex(made)) == 32
    assert made == made.lower()


def test_two_warehouses_get_different_salts(tmp_path: Path) -> None:
    for name in ("a.duckdb", "b.duckdb"):
        salts.init(store(tmp_path / name))
    assert rows(tmp_path / "a.duckdb") != rows(tmp_path / "b.duckdb")


def test_init_leaves_a_sound_salt_as_it_is(file: Path) -> None:
    salts.init(store(file))
    before = rows(file)
    assert "left as it is" in salts.init(store(file))
    assert rows(file) == before


def test_init_fills_an_empty_table(file: Path) -> None:
    run_sql(file, TABLE)
    salts.init(store(file))
    assert len(rows(file)) == 1


def test_init_refuses_to_mend_a_broken_salt(file: Path) -> None:
    run_sql(file, f"{TABLE}; insert into pii_secrets.pii_salt values ('short')")
    with pytest.raises(ConfigError, match="drop table pii_secrets.pii_salt"):
        salts.init(store(file))
    assert rows(file) == ["short"]


def test_the_table_refuses_null(file: Path) -> None:
    salts.init(store(file))
    with pytest.raises(duckdb.ConstraintException):
        run_sql(file, "insert into pii_secrets.pii_salt values (null)")


def test_init_keeps_what_else_stands_in_the_warehouse(file: Path) -> None:
    run_sql(file, "create table kept as select 1 as one")
    salts.init(store(file))
    run_sql(file, "from kept")


# several at once


def test_two_processes_at_once_end_with_one_salt(file: Path) -> None:
    program = (
        "import sys; from pathlib import Path\n"
        "from pii_lint.warehouse.duckdb_store import DuckDBStore\n"
        "from pii_lint.warehouse.salt import init\n"
        "init(DuckDBStore(Path(sys.argv[1]), patience=30))\n"
    )
    running = [subprocess.Popen([sys.executable, "-c", program, str(file)]) for _ in range(3)]
    assert [process.wait(timeout=60) for process in running] == [0, 0, 0]
    assert len(rows(file)) == 1


def test_a_file_that_another_process_is_just_making_is_waited_for(file: Path) -> None:
    file.write_bytes(b"\0" * 100)

    def finish() -> None:
        time.sleep(0.5)
        made = file.with_name("made.duckdb")
        run_sql(made, "select 1")
        made.replace(file)

    maker = threading.Thread(target=finish)
    maker.start()
    salts.init(DuckDBStore(file, patience=30))
    maker.join()
    assert len(rows(file)) == 1


def test_a_file_finished_between_the_look_and_the_complaint_is_opened(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_sql(file, "select 1")
    connect, complaints = duckdb.connect, ["exists, but it is not a valid DuckDB database file!"]

    def connect_late(*given: Any, **options: Any) -> Any:
        if complaints:
            raise duckdb.IOException(complaints.pop())
        return connect(*given, **options)

    monkeypatch.setattr(duckdb, "connect", connect_late)
    salts.init(DuckDBStore(file, patience=30))
    assert not complaints
    monkeypatch.undo()
    assert len(rows(file)) == 1


@pytest.fixture
def asked(file: Path, monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """What the file held whenever DuckDB was asked to open it."""
    connect, found = duckdb.connect, []

    def connect_and_tell(path: str, **options: Any) -> Any:
        if path == str(file):
            found.append(file.read_bytes() if file.exists() else b"")
        return connect(path, **options)

    monkeypatch.setattr(duckdb, "connect", connect_and_tell)
    return found


def test_a_new_file_is_whole_before_anybody_opens_it(file: Path, asked: list[bytes]) -> None:
    salts.init(store(file))
    (before,) = asked
    assert before.startswith(b"DUCK", 8)
    assert list(file.parent.iterdir()) == [file]


def test_a_file_that_came_while_another_was_made_is_kept(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link, other = Path.hardlink_to, file.with_name("other.duckdb")
    salts.import_(store(other), SOUND)

    def link_late(self: Path, target: Path) -> None:
        other.rename(file)
        link(self, target)

    monkeypatch.setattr(Path, "hardlink_to", link_late)
    assert "left as it is" in salts.init(store(file))
    assert rows(file) == [SOUND]


def test_a_disk_without_links_gets_its_file_all_the_same(
    file: Path, asked: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Path, target: Path) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    salts.init(store(file))
    assert asked == [b""]
    assert len(rows(file)) == 1
    assert list(file.parent.iterdir()) == [file]


def test_a_small_file_of_another_sort_is_refused(file: Path) -> None:
    file.write_text("id,email\n")
    os.utime(file, (0, 0))
    with pytest.raises(ConfigError, match="isn't a DuckDB database"):
        salts.init(store(file))


@pytest.mark.parametrize("start", ["no table", "an empty table"])
def test_two_open_transactions_cannot_both_write(file: Path, start: str) -> None:
    run_sql(file, TABLE if start == "an empty table" else "select 1")
    both_have_looked = threading.Barrier(2)
    said: list[str] = []

    def put(text: str) -> None:
        try:
            with store(file).session(write=True) as session:
                assert session.look().rows == 0
                both_have_looked.wait(timeout=60)
                session.put(salts.Salt(text))
        except ConfigError as error:
            said.append(str(error))

    threads = [threading.Thread(target=put, args=(text,)) for text in (SOUND, OTHER)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(rows(file)) == 1
    assert [sentence for sentence in said if "at the same time" in sentence] == said
    assert len(said) == 1


# import


def test_import_writes_the_salt_as_given(file: Path) -> None:
    salts.import_(store(file), f" {SOUND.upper()}\n")
    assert rows(file) == [SOUND.upper()]


def test_import_of_the_same_salt_changes_nothing(file: Path) -> None:
    salts.import_(store(file), SOUND)
    assert "already stands" in salts.import_(store(file), SOUND)
    assert rows(file) == [SOUND]


def test_import_never_overwrites_another_salt(file: Path) -> None:
    salts.import_(store(file), SOUND)
    with pytest.raises(ConfigError, match="never overwritten"):
        salts.import_(store(file), OTHER)
    assert rows(file) == [SOUND]


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("", "0 characters long"),
        (SOUND[:-1], "63 characters long"),
        (SOUND[:-1] + "g", "other than hexadecimal"),
        ("ab" * 32, "placeholder"),
        ("0" * 64, "placeholder"),
    ],
)
def test_import_refuses_a_weak_salt_without_repeating_it(
    file: Path, given: str, reason: str
) -> None:
    with pytest.raises(ConfigError, match=reason) as caught:
        salts.import_(store(file), given)
    assert not given or given not in str(caught.value)
    assert not file.exists()


def test_import_reads_a_variable(file: Path) -> None:
    result = salt_command("import", "--from-env", "OLD", "--database", str(file), OLD=SOUND)
    assert result.exit_code == 0
    assert rows(file) == [SOUND]


def test_import_reads_a_file(file: Path, tmp_path: Path) -> None:
    (tmp_path / "old.salt").write_text(SOUND + "\n")
    result = salt_command(
        "import", "--from-file", str(tmp_path / "old.salt"), "--database", str(file)
    )
    assert result.exit_code == 0
    assert rows(file) == [SOUND]


def test_import_reads_standard_input(file: Path) -> None:
    result = salt_command("import", "--from-file", "-", "--database", str(file), stdin=SOUND)
    assert result.exit_code == 0
    assert rows(file) == [SOUND]


@pytest.mark.parametrize(
    "arguments",
    [
        [SOUND],
        ["--from-env", SOUND],
        ["--from-file", SOUND],
        ["--from-env", "A", "--from-file", "b"],
        [],
    ],
    ids=["bare", "as a variable's name", "as a file's name", "twice", "not at all"],
)
def test_import_refuses_a_salt_on_the_command_line_without_repeating_it(
    file: Path, arguments: list[str]
) -> None:
    result = salt_command("import", *arguments, "--database", str(file))
    assert SOUND not in refusal(result) + result.output
    assert not file.exists()


def test_import_refuses_a_binary_file(file: Path, tmp_path: Path) -> None:
    (tmp_path / "key.bin").write_bytes(bytes(range(128, 256)))
    said = refusal(
        salt_command("import", "--from-file", str(tmp_path / "key.bin"), "--database", str(file))
    )
    assert "as text" in said


# check


def test_check_passes_a_sound_salt(file: Path) -> None:
    salts.init(store(file))
    assert "is sound" in salts.check(store(file))


@pytest.mark.parametrize(
    ("setup", "what", "command"),
    [
        ("select 1", "no such table", "salt init"),
        ("create schema pii_secrets", "no such table", "salt init"),
        (TABLE, "the table is empty", "salt init"),
        (f"{TABLE}; insert into pii_secrets.pii_salt values ('')", "0 characters", "drop table"),
        (f"{TABLE}; insert into pii_secrets.pii_salt values ('{SOUND[1:]}')", "63", "drop table"),
        (f"{TABLE}; insert into pii_secrets.pii_salt values (null)", "is null", "drop table"),
        (
            f"{TABLE}; insert into pii_secrets.pii_salt values ('{SOUND}'), ('{OTHER}')",
            "2 times",
            "drop table",
        ),
        (
            f"{TABLE}; insert into pii_secrets.pii_salt values ('{'x' * 64}')",
            "hexadecimal",
            "drop table",
        ),
        (
            "create schema pii_secrets; create table pii_secrets.pii_salt (value varchar)",
            "one text column",
            "drop it",
        ),
    ],
    ids=[
        "schema missing",
        "table missing",
        "empty",
        "empty text",
        "short",
        "null",
        "duplicated",
        "not hexadecimal",
        "another table",
    ],
)
def test_check_names_the_fault_and_the_remedy(
    file: Path, setup: str, what: str, command: str
) -> None:
    run_sql(file, setup)
    said = refusal(salt_command("check", "--database", str(file)))
    assert what in said
    assert command in said
    assert SOUND[1:] not in said
    assert said.count("\n") == 0


def test_check_changes_nothing(file: Path) -> None:
    salts.init(store(file))
    before = file.read_bytes()
    salts.check(store(file))
    assert file.read_bytes() == before


# files that can't be used


def test_check_of_a_missing_file_does_not_make_it(file: Path) -> None:
    assert "no DuckDB file" in refusal(salt_command("check", "--database", str(file)))
    assert not file.exists()


def test_init_makes_no_folders(tmp_path: Path) -> None:
    said = refusal(salt_command("init", "--database", str(tmp_path / "typo" / "acme.duckdb")))
    assert "no folder" in said


def test_a_folder_is_refused(tmp_path: Path) -> None:
    assert "is a folder" in refusal(salt_command("init", "--database", str(tmp_path)))


def test_a_database_in_memory_is_refused() -> None:
    assert "in memory" in refusal(salt_command("init", "--database", ":memory:"))


@pytest.mark.parametrize("command", ["init", "check"])
def test_a_file_of_another_kind_is_refused_and_left_alone(file: Path, command: str) -> None:
    file.write_text("a,b\n" * 5000)
    said = refusal(salt_command(command, "--database", str(file)))
    assert "isn't a DuckDB database" in said
    assert file.read_text() == "a,b\n" * 5000


def test_a_file_in_use_is_named_as_such(file: Path) -> None:
    salts.init(store(file))
    program = (
        "import duckdb, sys; connection = duckdb.connect(sys.argv[1]);"
        "print('open', flush=True); sys.stdin.read()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", program, str(file)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    assert holder.stdin is not None
    try:
        assert holder.stdout.readline() == "open\n"
        with pytest.raises(ConfigError, match="in use by another process"):
            salts.init(store(file))
    finally:
        holder.stdin.close()
        holder.wait(timeout=60)
        holder.stdout.close()
    assert "is sound" in salts.check(store(file))


# out of sight


def test_no_command_shows_the_salt(file: Path) -> None:
    shown = [
        salt_command("init", "--database", str(file)),
        salt_command("init", "--database", str(file)),
        salt_command("check", "--database", str(file)),
        salt_command("import", "--from-env", "OTHER", "--database", str(file), OTHER=OTHER),
    ]
    (made,) = rows(file)
    text = "".join(f"{result.output}{result.exception}{result.exc_info}" for result in shown)
    assert str(made) not in text
    assert OTHER not in text


def test_a_traceback_does_not_show_the_salt(file: Path) -> None:
    class Full:
        """A database that fails the way drivers do: with the bound values in the message."""

        def execute(self, sql: str, values: object = None) -> None:
            raise duckdb.ConversionException(f"could not store {values}")

    with pytest.raises(ConfigError) as caught, store(file).session(write=True) as session:
        session._connection = Full()
        session.put(salts.Salt(SOUND))
    error = caught.value
    told = traceback.TracebackException(
        type(error), error, error.__traceback__, capture_locals=True
    )
    assert SOUND not in "".join(told.format())
    assert "ConversionException" in "".join(told.format())


# which database


PROJECT = "name: acme\nprofile: acme\n"
PROFILES = """
acme:
  target: "{{ env_var('TARGET', 'dev') }}"
  outputs:
    dev: {type: duckdb, path: dev.duckdb}
    ci: {type: duckdb, path: "{{ env_var('CI_PATH') }}"}
    prod: {type: postgres, host: db, password: "{{ env_var('PROD_PASSWORD') }}"}
    memory: {type: duckdb}
    cloud: {type: duckdb, path: "md:acme"}
    clever: {type: duckdb, path: "{{ env_var('CI_PATH') | lower }}"}
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for variable in ("DBT_PROFILES_DIR", "DBT_PROJECT_DIR", "DBT_TARGET"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dbt_project.yml").write_text(PROJECT)
    (tmp_path / "profiles.yml").write_text(PROFILES)
    return tmp_path


def test_a_relative_path_stays_relative_to_where_dbt_is_called(project: Path) -> None:
    assert duckdb_path(project, environ={}) == Path("dev.duckdb")


def test_the_target_can_be_chosen(project: Path) -> None:
    environ = {"CI_PATH": "/ci/acme.duckdb"}
    assert duckdb_path(project, target="ci", environ=environ) == Path("/ci/acme.duckdb")
    assert duckdb_path(project, environ={**environ, "TARGET": "ci"}) == Path("/ci/acme.duckdb")


def test_a_table_of_settings_is_filled_in_value_by_value(project: Path) -> None:
    settings = "{a.dir: \"x/{{ env_var('A', 'b') }};c\", a.flag: true, a.none: null}"
    with (project / "profiles.yml").open("a") as file:
        file.write(f"    spark: {{type: spark, path: x, settings: {settings}}}\n")
    found = find_target(project, target="spark", environ={"A": "y"})
    assert found.texts("settings") == {"a.dir": "x/y;c", "a.flag": "True"}
    assert found.texts("path") == found.texts("absent") == {}


def test_a_named_profiles_folder_wins(project: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "profiles.yml").write_text(PROFILES.replace("dev.duckdb", "other.duckdb"))
    found = duckdb_path(project, profiles_dir=elsewhere, environ={})
    assert found == Path("other.duckdb")


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("ci", "needs the environment variable CI_PATH"),
        ("prod", "is of type postgres"),
        ("memory", "names no file"),
        ("cloud", "names no file"),
        ("nowhere", "holds no target nowhere"),
    ],
)
def test_a_target_without_a_duckdb_file_is_refused(project: Path, target: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        duckdb_path(project, target=target, environ={})


def test_a_template_of_more_than_a_variable_is_refused(project: Path) -> None:
    with pytest.raises(ConfigError, match="more than env_var"):
        duckdb_path(project, target="clever", environ={"CI_PATH": "a"})


@pytest.mark.parametrize(
    ("file", "text", "reason"),
    [
        ("dbt_project.yml", None, "There is no .*dbt_project.yml"),
        ("dbt_project.yml", "name: acme\n", "names no profile"),
        ("profiles.yml", "other: {}\n", "holds no profile acme"),
        ("profiles.yml", "acme: {target: dev}\n", "holds no `outputs` in profile acme"),
        ("profiles.yml", "acme:\n  password: 'hunter2\n", "isn't valid YAML at line"),
        ("profiles.yml", "- a list\n", "holds no profile acme"),
    ],
)
def test_a_broken_project_file_is_named_without_quoting_it(
    project: Path, file: str, text: str | None, reason: str
) -> None:
    if text is None:
        (project / file).unlink()
    else:
        (project / file).write_text(text)
    with pytest.raises(ConfigError, match=reason) as caught:
        duckdb_path(project, environ={})
    assert "hunter2" not in str(caught.value)


def test_profiles_are_looked_for_where_dbt_looks(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "profiles.yml").unlink()
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    with pytest.raises(ConfigError, match="no profiles.yml"):
        duckdb_path(project, environ={})
    (tmp_path / ".dbt").mkdir()
    (tmp_path / ".dbt" / "profiles.yml").write_text(PROFILES)
    assert duckdb_path(project, environ={}) == Path("dev.duckdb")


def test_the_command_finds_its_database_by_the_profile(project: Path) -> None:
    assert salt_command("init", "--project-dir", str(project)).exit_code == 0
    assert len(rows(project / "dev.duckdb")) == 1
