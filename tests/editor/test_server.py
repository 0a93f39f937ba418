"""What an editor is shown, asked through the protocol of a server in a process of its own."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import unquote, urlparse

import pytest

from tests.editor.client import CAPABILITIES, PATIENCE, Editor, Json
from tests.editor.conftest import CLEAN, LEAK, STAGING
from tests.editor.project import Shop

MARKED = "email) as contact"
"""A span reaches from its first name to its last."""


def by_code(found: list[Json]) -> dict[str, Json]:
    return {str(one["code"]): one for one in found}


def cut(text: str, span: Json) -> str:
    """What a range of one line marks, counted in UTF-16 units as the protocol does."""
    assert span["start"]["line"] == span["end"]["line"]
    line = text.split("\n")[span["start"]["line"]].encode("utf-16-le")
    return line[span["start"]["character"] * 2 : span["end"]["character"] * 2].decode("utf-16-le")


def applied(text: str, edits: list[Json]) -> str:
    """A text after edits that begin and end where lines do."""
    lines = text.split("\n")
    for edit in sorted(edits, key=lambda one: -one["range"]["start"]["line"]):
        start, end = edit["range"]["start"], edit["range"]["end"]
        assert start["character"] == 0
        before = "".join(f"{line}\n" for line in lines[: start["line"]])
        after = "\n".join(lines[end["line"] :])[end["character"] :]
        lines = (before + edit["newText"] + after).split("\n")
    return "\n".join(lines)


def edits_of(action: Json, file: Path) -> list[Json]:
    return [
        edit
        for change in action["edit"]["documentChanges"]
        if change.get("textDocument", {}).get("uri") == file.as_uri()
        for edit in change["edits"]
    ]


def test_a_leak_is_marked_in_the_template_after_letters_of_two_units(
    editor: Editor, shop: Shop, mart: Path
) -> None:
    editor.enter(shop.folder)
    leak = by_code(editor.diagnostics(mart))["PII001"]
    assert cut(LEAK, leak["range"]) == MARKED
    assert leak["severity"] == 1
    assert leak["source"] == "pii-lint"
    assert "`contact`" in leak["message"]


def test_another_encoding_of_positions_is_kept_to(
    own_editor: Editor, shop: Shop, mart: Path
) -> None:
    utf8: Json = {**CAPABILITIES, "general": {"positionEncodings": ["utf-8"]}}
    result = own_editor.greet(shop.folder, capabilities=utf8)
    assert result["capabilities"]["positionEncoding"] == "utf-8"
    leak = by_code(own_editor.diagnostics(mart))["PII001"]
    line = LEAK.split("\n")[1].encode()
    span = slice(leak["range"]["start"]["character"], leak["range"]["end"]["character"])
    assert line[span] == MARKED.encode()


def test_the_way_from_the_source_comes_with_the_leak(
    editor: Editor, shop: Shop, mart: Path
) -> None:
    editor.enter(shop.folder)
    leak = by_code(editor.diagnostics(mart))["PII001"]
    way = [
        (Path(unquote(urlparse(one["location"]["uri"]).path)).name, one["message"])
        for one in leak["relatedInformation"]
    ]
    assert [name for name, _ in way] == ["src.yml", "stg_customers.sql", "fct_reach.sql"]
    assert way[0][1] == "contact.email: raw.customers.email, origin, clear"
    assert "upper(" in way[2][1]


def test_the_code_leads_to_the_page_of_its_rule(own_editor: Editor, shop: Shop, mart: Path) -> None:
    own_editor.greet(shop.folder)
    leak = by_code(own_editor.diagnostics(mart))["PII001"]
    page = Path(unquote(urlparse(leak["codeDescription"]["href"]).path))
    assert page.read_text("utf-8").startswith("# PII001 pii-in-safe-model")
    assert own_editor.stop() == 0
    assert not page.exists()


def test_a_source_column_is_marked_in_its_line_of_yaml(editor: Editor, tmp_path: Path) -> None:
    shop = Shop(tmp_path / "shop")
    shop.write("models/marts/safe/fct_reach.sql", "select 1 as one\n")
    shop.compile()
    content = json.loads(shop.manifest.read_text())
    column = content["sources"]["source.shop.raw.customers"]["columns"]["country"]
    column |= {"name": "phone_number", "meta": {}}
    shop.manifest.write_text(json.dumps(content))
    text = shop.source.read_text().replace("country", "phone_number")
    shop.source.write_text(text)
    editor.enter(shop.folder)
    found = by_code(editor.diagnostics(shop.source))["TAG001"]
    assert cut(text, found["range"]) == "phone_number"
    assert found["severity"] == 2


def test_a_clean_project_shows_nothing(editor: Editor, shop: Shop, mart: Path) -> None:
    mart.write_text(CLEAN)
    stg = shop.write(
        "models/staging/stg_customers.sql", "select country from {{ source('raw', 'customers') }}\n"
    )
    shop.compile()
    editor.enter(shop.folder)
    assert "No personal data arrives in it." in (editor.hover_when_ready(mart, "country") or "")
    assert not [
        one
        for one in editor.heard
        if one.get("method") == "textDocument/publishDiagnostics"
        and one["params"]["uri"] in (mart.as_uri(), stg.as_uri())
    ]


# --- hover ----------------------------------------------------------------------------------------


def test_a_column_under_the_pointer_tells_what_it_holds_and_from_where(
    editor: Editor, shop: Shop, mart: Path
) -> None:
    editor.enter(shop.folder)
    editor.diagnostics(mart)
    told = editor.hover(mart, "contact") or ""
    assert "`fct_reach.contact`" in told
    assert "**clear** `contact.email` (confidential)" in told
    assert "1. `raw.customers.email` · origin, clear · `models/raw/src.yml:7:19`" in told
    # read under this name, and called otherwise in the mart
    assert "`stg_customers.email`" in (editor.hover(mart, "email") or "")
    assert "Declared clean." in (editor.hover(shop.source, "country") or "")
    assert "**clear** `contact.email`" in (editor.hover(shop.source, "email") or "")
    assert "No personal data" in (editor.hover(mart, "mark") or "")
    assert editor.hover(mart, "select") is None


def test_the_name_of_a_relation_tells_its_columns(editor: Editor, shop: Shop, mart: Path) -> None:
    editor.enter(shop.folder)
    editor.diagnostics(mart)
    told = editor.hover(mart, "stg_customers") or ""
    assert "- `email`: `contact.email` clear" in told
    assert "country" not in told


# --- actions --------------------------------------------------------------------------------------


def test_a_suppression_lets_nothing_pass_until_somebody_completes_it(
    editor: Editor, shop: Shop, mart: Path
) -> None:
    editor.enter(shop.folder)
    leak = by_code(editor.diagnostics(mart))["PII001"]
    offered = editor.actions(mart, leak["range"])
    action = next(one for one in offered if "let PII001 pass" in one["title"])
    text = applied(LEAK, edits_of(action, mart))
    comment = "    -- pii-lint: ignore[PII001] until=YYYY-MM-DD …\n"
    assert text == LEAK.replace("    '\U0001f600", f"{comment}    '\U0001f600")
    for typed, lacks in (("YYYY-MM-DD …", "lacks a reason"), ("YYYY-MM-DD why", "must give")):
        mart.write_text(text.replace("YYYY-MM-DD …", typed))
        editor.changed(mart, shop.compile())
        found = by_code(editor.diagnostics(mart))
        assert "PII001" in found
        assert lacks in found["SUP001"]["message"]
    soon = datetime.now(tz=UTC).date() + timedelta(days=90)
    mart.write_text(text.replace("YYYY-MM-DD …", f"{soon} agreed"))
    editor.changed(mart, shop.compile())
    assert "PII001" not in by_code(editor.diagnostics(mart))


def test_where_no_comment_can_stand_before_the_line_it_heads_the_file(
    editor: Editor, shop: Shop, mart: Path
) -> None:
    text = (
        "{{ config(\n    tags=['a'])\n}} select email,\ncountry from {{ ref('stg_customers') }}\n"
    )
    mart.write_text(text)
    shop.compile()
    editor.enter(shop.folder)
    leak = by_code(editor.diagnostics(mart))["PII001"]
    offered = editor.actions(mart, leak["range"])
    action = next(one for one in offered if "let PII001 pass" in one["title"])
    after = applied(text, edits_of(action, mart))
    assert after == f"-- pii-lint: ignore-file[PII001] columns=email until=YYYY-MM-DD …\n{text}"


def test_a_fix_writes_what_the_command_would(editor: Editor, shop: Shop, mart: Path) -> None:
    staging = shop.folder / "models/staging/stg_customers.sql"
    described = shop.write(
        "models/staging/stg_customers.yml", "models:\n  - name: stg_customers # ä\n"
    )
    mart.write_text(CLEAN)
    shop.compile()
    editor.enter(shop.folder)
    found = by_code(editor.diagnostics(described))["TAG004"]
    offered = editor.actions(described, found["range"])
    fixes = [one for one in offered if "write what lineage knows" in one["title"]]
    assert [one["kind"] for one in fixes] == ["quickfix", "source.fixAll.pii-lint"]
    only = editor.actions(staging, found["range"], ["source.fixAll"])
    assert [one["kind"] for one in only] == ["source.fixAll.pii-lint"]
    text = applied(described.read_text(), edits_of(fixes[0], described))
    command = [sys.executable, "-m", "pii_lint", "fix", "--project-dir", str(shop.folder)]
    subprocess.run([*command, "models/staging"], check=True, capture_output=True)
    assert described.read_text() == text
    assert "# ä" in text
    assert "pii_type: email" in text


def test_the_page_of_a_rule_opens_and_no_other_file(editor: Editor, shop: Shop, mart: Path) -> None:
    editor.enter(shop.folder)
    leak = by_code(editor.diagnostics(mart))["PII001"]
    action = next(a for a in editor.actions(mart, leak["range"]) if a["title"].endswith("means"))
    command = action["command"]
    stranger = {"command": command["command"], "arguments": [mart.as_uri()]}
    editor.notify_command(stranger)
    editor.notify_command(command)
    shown = editor.wait(lambda one: one.get("method") == "window/showDocument")
    assert shown["params"]["uri"] == leak["codeDescription"]["href"]


# --- what changes meanwhile -----------------------------------------------------------------------


def test_a_new_manifest_changes_what_is_shown(editor: Editor, shop: Shop, mart: Path) -> None:
    editor.enter(shop.folder)
    assert "PII001" in by_code(editor.diagnostics(mart))
    mart.write_text(CLEAN)
    editor.changed(mart, shop.compile())
    assert editor.diagnostics(mart) == []


def test_a_new_policy_changes_what_is_shown(editor: Editor, shop: Shop, mart: Path) -> None:
    editor.enter(shop.folder)
    assert by_code(editor.diagnostics(mart))["PII001"]["severity"] == 1
    policy = shop.write("pii_lint.yml", "version: 1\nrules: {PII001: warn}\n")
    editor.changed(policy)
    assert by_code(editor.diagnostics(mart))["PII001"]["severity"] == 2
    policy.write_text("version: 1\nrules: {PII001: loud}\n")
    editor.changed(policy)
    assert "pii_lint.yml:2" in editor.message()


def test_a_file_that_dbt_has_not_compiled_yet_says_that_and_nothing_else(
    editor: Editor, shop: Shop, mart: Path
) -> None:
    staging = shop.folder / "models/staging/stg_customers.sql"
    editor.enter(shop.folder)
    editor.open(mart)
    editor.diagnostics(mart)
    mart.write_text(f"-- one line more\n{LEAK}")
    editor.type(mart, mart.read_text())
    editor.save(mart)
    (only,) = editor.diagnostics(mart)
    assert (only["code"], only["severity"]) == ("stale", 3)
    assert "dbt compile" in only["message"]
    assert editor.actions(mart, only["range"]) == []
    # whose lines still are what they were keeps what was said of it
    assert not any(
        one["params"]["uri"] == staging.as_uri() and not one["params"]["diagnostics"]
        for one in editor.heard
        if one.get("method") == "textDocument/publishDiagnostics"
    )
    editor.changed(shop.compile())
    leak = by_code(editor.diagnostics(mart))["PII001"]
    assert leak["range"]["start"]["line"] == 2


def test_what_is_typed_and_not_saved_gets_no_marks_from_disk(
    editor: Editor, shop: Shop, mart: Path
) -> None:
    editor.enter(shop.folder)
    editor.diagnostics(mart)
    editor.open(mart)
    editor.type(mart, f"\n\n{LEAK}")
    shop.write("pii_lint.yml", "version: 1\nrules: {PII001: warn}\n")
    editor.changed(shop.folder / "pii_lint.yml")
    assert [one["code"] for one in editor.diagnostics(mart)] == ["stale"]


def test_without_watching_the_manifest_is_looked_at_from_time_to_time(
    own_editor: Editor, shop: Shop, mart: Path
) -> None:
    own_editor.greet(shop.folder, capabilities={})
    assert "PII001" in by_code(own_editor.diagnostics(mart))
    mart.write_text(CLEAN)
    shop.compile()
    assert own_editor.diagnostics(mart) == []


# --- what is missing, damaged or strange ----------------------------------------------------------


def test_a_project_that_was_never_compiled_is_told_of_once(
    editor: Editor, shop: Shop, mart: Path
) -> None:
    shop.manifest.unlink()
    editor.enter(shop.folder)
    assert "run `dbt compile`" in editor.message()
    editor.open(mart)
    editor.save(mart)
    editor.changed(mart)
    editor.changed(shop.compile())
    editor.diagnostics(mart)
    assert sum(one.get("method") == "window/showMessage" for one in editor.heard) == 1


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'{"metadata"', "is cut short"),
        (b"", "is empty"),
        (b"[]", "is no dbt manifest"),
        (b"\x1f\x8b", "is compressed"),
        (b'{"metadata": 7, "nodes": []}', "is no dbt manifest"),
    ],
)
def test_a_damaged_manifest_is_one_sentence_and_the_server_lives(
    editor: Editor, shop: Shop, mart: Path, content: bytes, said: str
) -> None:
    shop.manifest.write_bytes(content)
    editor.enter(shop.folder)
    assert said in editor.message()
    editor.changed(shop.compile())
    assert "PII001" in by_code(editor.diagnostics(mart))


def test_a_file_of_no_project_is_told_of_once(editor: Editor, tmp_path: Path) -> None:
    stray = tmp_path / "stray" / "query.sql"
    stray.parent.mkdir()
    stray.write_text(STAGING)
    editor.enter(stray.parent)
    editor.open(stray)
    assert editor.message() == (
        "pii-lint: query.sql is in no dbt project: there is no dbt_project.yml in its folder or "
        "above, so nothing is said of it."
    )
    editor.open(stray)
    assert editor.hover(stray, "email") is None
    assert sum(one.get("method") == "window/showMessage" for one in editor.heard) == 1


@pytest.mark.parametrize("name", ["two words", "größe \U0001f600", "100%41 #1?", "a;b&c'd+e"])
def test_a_folder_of_any_name_can_be_opened(
    editor: Editor, shop: Shop, tmp_path: Path, name: str
) -> None:
    moved = tmp_path / name / "shop"
    shutil.copytree(shop.folder, moved)
    mart = moved / "models/marts/safe/fct_reach.sql"
    editor.enter(moved)
    assert "PII001" in by_code(editor.diagnostics(mart))
    assert "`fct_reach.contact`" in (editor.hover(mart, "contact") or "")


def test_several_projects_of_a_folder_are_each_their_own(editor: Editor, tmp_path: Path) -> None:
    leaky, clean = Shop(tmp_path / "one"), Shop(tmp_path / "nested" / "two")
    for each, sql in ((leaky, LEAK), (clean, CLEAN)):
        each.write("models/staging/stg_customers.sql", STAGING)
        each.write("models/marts/safe/fct_reach.sql", sql)
        each.compile()
    mart = "models/marts/safe/fct_reach.sql"
    editor.enter(tmp_path)
    assert "PII001" in by_code(editor.diagnostics(leaky.folder / mart))
    clean.write(mart, LEAK)
    editor.changed(clean.compile())
    assert "PII001" in by_code(editor.diagnostics(clean.folder / mart))
    gone = {"event": {"added": [], "removed": [{"uri": tmp_path.as_uri(), "name": "all"}]}}
    editor.notify("workspace/didChangeWorkspaceFolders", gone)
    assert editor.diagnostics(leaky.folder / mart) == []


def test_a_folder_inside_of_a_project_will_do(editor: Editor, shop: Shop, mart: Path) -> None:
    editor.enter(mart.parent)
    editor.open(mart)
    assert "PII001" in by_code(editor.diagnostics(mart))


def test_strange_addresses_and_messages_are_survived(
    editor: Editor, shop: Shop, mart: Path
) -> None:
    editor.enter(shop.folder)
    editor.diagnostics(mart)
    for uri in ("untitled:Untitled-1", "file:///a%00b.sql", "", "file://", "http://x/y.sql"):
        item = {"uri": uri, "languageId": "sql", "version": 1, "text": "select 1"}
        editor.notify("textDocument/didOpen", {"textDocument": item})
        editor.notify("textDocument/didSave", {"textDocument": {"uri": uri}})
        place = {"textDocument": {"uri": uri}, "position": {"line": 9, "character": 9}}
        assert editor.ask("textDocument/hover", place) is None
    beyond = {"line": 10_000, "character": 10_000}
    place = {"textDocument": {"uri": mart.as_uri()}, "position": beyond}
    assert editor.ask("textDocument/hover", place) is None
    assert editor.actions(mart, {"start": beyond, "end": beyond}, ["quickfix"]) == []
    shutil.rmtree(shop.folder)
    editor.changed(shop.manifest, mart)
    assert editor.diagnostics(mart) == []
    assert not [one for one in editor.heard if "wasn't made for" in str(one)]


# --- coming and going -----------------------------------------------------------------------------


def test_an_editor_that_leaves_without_a_word_is_an_error(own_editor: Editor, shop: Shop) -> None:
    own_editor.greet(shop.folder)
    own_editor.notify("exit", None)
    assert own_editor.process.wait(PATIENCE) == 1


def test_an_editor_that_dies_takes_the_server_with_it(own_editor: Editor, shop: Shop) -> None:
    own_editor.greet(shop.folder)
    assert own_editor.process.stdin is not None
    own_editor.process.stdin.close()
    own_editor.process.wait(PATIENCE)


def test_without_its_extra_the_server_says_what_to_install(tmp_path: Path) -> None:
    program = (
        "import sys; from importlib import util; there = util.find_spec;"
        "util.find_spec = lambda name, *rest: None if name == 'pygls' else there(name, *rest);"
        "from pii_lint.cli import main; sys.exit(main(['lsp']))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 2
    assert "pip install 'pii-lint[lsp]'" in done.stderr
    assert not done.stdout
