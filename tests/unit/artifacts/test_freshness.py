"""A manifest against its project's files: fresh, stale by these files, or not to be checked."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from pii_lint.artifacts.freshness import check_freshness, with_freshness
from pii_lint.artifacts.model import Node, Project
from pii_lint.artifacts.project_dir import find_project_dir
from pii_lint.errors import ArtifactError, ConfigError

SQL = "select 1 as id"
MACRO = "{% macro shout(x) %}upper({{ x }}){% endmacro %}"


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def node(path: str, text: str = SQL, **fields: object) -> Node:
    kind = fields.pop("kind", "model")
    name = Path(path).stem
    base = Node(f"{kind}.shop.{name}", kind, name, "shop", path, checksum=digest(text.strip()))  # type: ignore[arg-type]
    return replace(base, **fields)  # type: ignore[arg-type]


def project(*nodes: Node, **fields: object) -> Project:
    base = Project("shop", "duckdb", "1.11.16", {node.unique_id: node for node in nodes})
    return replace(base, **fields)  # type: ignore[arg-type]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write(tmp_path, "dbt_project.yml", "name: shop\n")
    write(tmp_path, "models/people.sql", f"\n{SQL}\n")
    write(tmp_path, "macros/shout.sql", f"-- loud\n{MACRO}\n")
    return tmp_path


def write(root: Path, name: str, text: str) -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
    return path


PEOPLE = node("models/people.sql")
SHOUT = {
    "macros": {"macro.shop.shout": MACRO},
    "macro_paths": {"macro.shop.shout": "macros/shout.sql"},
}


def test_a_manifest_of_these_files_is_fresh_as_far_as_that_can_be_known(root: Path) -> None:
    found = check_freshness(project(PEOPLE, **SHOUT), root)
    assert found.state == "fresh"
    assert "YAML files, variables and the target can't be checked" in found.sentence
    assert with_freshness(project(PEOPLE, **SHOUT), root).freshness == "fresh"


@pytest.mark.parametrize(
    ("path", "text", "stale"),
    [
        ("models/people.sql", "select 2 as id", "models/people.sql"),
        ("models/people.sql", "select  1 as id", "models/people.sql"),
        ("macros/shout.sql", MACRO.replace("upper", "lower"), "macros/shout.sql"),
        ("macros/shout.sql", "", "macros/shout.sql"),
        ("models/new.sql", SQL, "models/new.sql"),
        ("models/deep/new.py", "def model(dbt, session): ...", "models/deep/new.py"),
        ("seeds/new.csv", "id\n1\n", "seeds/new.csv"),
        ("snapshots/new.sql", "{% snapshot s %}select 1{% endsnapshot %}", "snapshots/new.sql"),
        ("macros/new.sql", "{%- macro is_incremental() -%}{% endmacro %}", "macros/new.sql"),
    ],
)
def test_a_changed_or_new_file_makes_the_manifest_stale(
    root: Path, path: str, text: str, stale: str
) -> None:
    write(root, path, text)
    found = check_freshness(project(PEOPLE, **SHOUT), root)
    assert (found.state, found.files) == ("stale", (stale,))
    assert stale in found.sentence
    assert "run `dbt compile` or `dbt build`" in found.sentence
    with pytest.raises(ArtifactError, match="older than the project's files"):
        with_freshness(project(PEOPLE, **SHOUT), root)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("models/people.sql", f"{SQL}\r\n"),
        ("macros/shout.sql", f"-- louder\r\n{MACRO}\r\n\r\n"),
        ("models/readme.md", "{% docs a %}b{% enddocs %}"),
        ("models/people.yml", "models: []"),
        ("snapshots/notes.sql", "-- no block"),
        ("macros/comment.sql", "{# nothing #}"),
        ("analyses/a.sql", SQL),
        ("target/compiled/shop/models/new.sql", SQL),
    ],
)
def test_a_change_that_changes_no_sql_leaves_it_fresh(root: Path, path: str, text: str) -> None:
    write(root, path, text)
    assert check_freshness(project(PEOPLE, **SHOUT), root).state == "fresh"


@pytest.mark.parametrize("gone", ["models/people.sql", "macros/shout.sql"])
def test_a_deleted_file_makes_the_manifest_stale(root: Path, gone: str) -> None:
    (root / gone).unlink()
    found = check_freshness(project(PEOPLE, **SHOUT), root)
    assert found.files == (gone,)
    assert f"{gone} (deleted)" in found.sentence


@pytest.mark.parametrize(
    ("text", "stale"),
    [(MACRO, ()), (MACRO.replace("upper", "lower"), ("dbt_packages/masks/macros/mask.sql",))],
)
def test_a_changed_macro_of_a_package_makes_the_manifest_stale(
    root: Path, text: str, stale: tuple[str, ...]
) -> None:
    write(root, "dbt_packages/masks/macros/mask.sql", text)
    masks = {
        "macros": {**SHOUT["macros"], "macro.masks.shout": MACRO},
        "macro_paths": {
            **SHOUT["macro_paths"],
            "macro.masks.shout": "dbt_packages/masks/macros/mask.sql",
        },
    }
    assert check_freshness(project(PEOPLE, **masks), root).files == stale


def test_a_package_that_is_installed_elsewhere_is_not_looked_for(root: Path) -> None:
    dbt = {
        "macros": {**SHOUT["macros"], "macro.dbt.b": MACRO},
        "macro_paths": {**SHOUT["macro_paths"], "macro.dbt.b": "dbt_packages/dbt/macros/b.sql"},
    }
    assert check_freshness(project(PEOPLE, **dbt), root).state == "fresh"


def test_three_files_are_named_and_the_rest_counted(root: Path) -> None:
    for number in range(5):
        write(root, f"models/m{number}.sql", SQL)
    found = check_freshness(project(PEOPLE, **SHOUT), root)
    assert len(found.files) == 5
    assert (
        "models/m0.sql (new), models/m1.sql (new), models/m2.sql (new) and 2 more" in found.sentence
    )


def test_a_file_that_is_not_text_counts_as_changed(root: Path) -> None:
    (root / "models/people.sql").write_bytes(b"\xff\xfe")
    assert check_freshness(project(PEOPLE, **SHOUT), root).files == ("models/people.sql",)


def test_a_large_seed_has_no_digest_to_compare(root: Path) -> None:
    write(root, "seeds/large.csv", "id\n2\n")
    large = node("seeds/large.csv", kind="seed", checksum=None)
    assert check_freshness(project(PEOPLE, large, **SHOUT), root).state == "fresh"


def test_a_small_seed_is_compared(root: Path) -> None:
    write(root, "seeds/small.csv", "id\n2\n")
    small = node("seeds/small.csv", "id\n1\n", kind="seed")
    assert check_freshness(project(PEOPLE, small, **SHOUT), root).files == ("seeds/small.csv",)


def test_what_is_no_file_of_the_project_is_not_compared(root: Path) -> None:
    others = [
        replace(node("dbt_packages/addon/models/a.sql"), package="addon"),
        node("snapshots/s.yml", kind="snapshot"),
        node("dbt_project.yml", kind="operation"),
    ]
    write(root, "snapshots/s.yml", "snapshots: []")
    assert check_freshness(project(PEOPLE, *others, **SHOUT), root).state == "fresh"


def test_a_disabled_model_is_not_new(root: Path) -> None:
    write(root, "models/off.sql", SQL)
    known = project(PEOPLE, **SHOUT, disabled_paths=frozenset({"models/off.sql"}))
    assert check_freshness(known, root).state == "fresh"


def test_what_dbt_ignores_is_not_new(root: Path) -> None:
    write(root, ".dbtignore", "# drafts\nmodels/drafts/\n*_old.sql\n")
    write(root, "models/drafts/a.sql", SQL)
    write(root, "models/b_old.sql", SQL)
    assert check_freshness(project(PEOPLE, **SHOUT), root).state == "fresh"
    write(root, "models/c.sql", SQL)
    assert check_freshness(project(PEOPLE, **SHOUT), root).files == ("models/c.sql",)


def test_folders_are_those_of_the_project_file(root: Path) -> None:
    write(root, "dbt_project.yml", 'name: shop\nmodel-paths: [sql, "{{ var }}", "../out"]\n')
    write(root, "models/elsewhere.sql", SQL)
    write(root.parent, "out/far.sql", SQL)
    assert check_freshness(project(PEOPLE, **SHOUT), root).state == "fresh"
    write(root, "sql/new.sql", SQL)
    assert check_freshness(project(PEOPLE, **SHOUT), root).files == ("sql/new.sql",)


def test_linked_folders_are_followed_but_not_in_circles(root: Path) -> None:
    (root / "models" / "again").symlink_to(root / "models")
    assert check_freshness(project(PEOPLE, **SHOUT), root).state == "fresh"
    write(root, "shared/new.sql", SQL)
    (root / "models" / "linked").symlink_to(root / "shared")
    assert check_freshness(project(PEOPLE, **SHOUT), root).files == ("models/linked/new.sql",)


@pytest.mark.parametrize(
    "rule",
    [SQL, f"\n{SQL}\n", "select1asid"],
    ids=["trimmed", "whole", "without white space"],
)
def test_dbt_2_has_hashed_files_in_three_ways(root: Path, rule: str) -> None:
    people = replace(PEOPLE, checksum=digest(rule))
    assert check_freshness(project(people, **SHOUT, dbt_version="2.0.1"), root).state == "fresh"
    write(root, "models/people.sql", "select 2 as id")
    assert check_freshness(project(people, **SHOUT, dbt_version="2.0.1"), root).state == "stale"


def test_dbt_1_has_hashed_files_in_one_way_only(root: Path) -> None:
    people = replace(PEOPLE, checksum=digest("select1asid"))
    assert check_freshness(project(people, **SHOUT), root).state == "stale"


def test_a_snapshot_of_dbt_2_is_compared_by_its_template(root: Path) -> None:
    write(root, "snapshots/s.sql", "{% snapshot s %}\nselect 1\n{% endsnapshot %}")
    snap = node("snapshots/s.sql", kind="snapshot", checksum="0" * 64, raw_code="select 1")
    assert (
        check_freshness(project(PEOPLE, snap, **SHOUT, dbt_version="2.0.1"), root).state == "fresh"
    )
    other = replace(snap, raw_code="select 2")
    assert (
        check_freshness(project(PEOPLE, other, **SHOUT, dbt_version="2.0.1"), root).state == "stale"
    )


# --- where nothing can be compared


def test_a_manifest_alone_is_unchecked_and_says_so() -> None:
    found = check_freshness(project(PEOPLE), None)
    assert found.state == "unchecked"
    assert "could not be checked" in found.sentence
    assert with_freshness(project(PEOPLE), None).freshness == "unchecked"


@pytest.mark.parametrize("text", ["name: bank", "- a", "", "name: [", "\0"])
def test_files_of_another_project_prove_nothing(root: Path, text: str) -> None:
    write(root, "dbt_project.yml", text)
    assert check_freshness(project(PEOPLE), root).state == "unchecked"


def test_hostile_file_names_cannot_rewrite_the_terminal(root: Path) -> None:
    write(root, "models/\x1b[2J.sql", SQL)
    assert "\x1b" not in check_freshness(project(PEOPLE, **SHOUT), root).sentence


# --- the project's folder


def test_the_project_is_the_folder_above_target(root: Path) -> None:
    assert find_project_dir(root / "target" / "manifest.json") == root
    assert find_project_dir(root / "far" / "away" / "manifest.json") is None


def test_a_given_folder_comes_first_and_must_be_a_project(root: Path, tmp_path: Path) -> None:
    assert find_project_dir(Path("/elsewhere/manifest.json"), root) == root
    with pytest.raises(ConfigError, match=r"holds no dbt_project.yml: give the folder"):
        find_project_dir(root / "target" / "manifest.json", tmp_path / "models")
