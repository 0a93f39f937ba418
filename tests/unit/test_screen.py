"""`pii-lint screen`: events come in, and each goes out somewhere."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pii_lint.cli import main
from pii_lint.data.payloads import surfaces
from pii_lint.guard import stream
from pii_lint.guard.stream import Sinks, screen_lines

EVENTS = (
    b'\xef\xbb\xbf{"order_id": "123", "total": 99.90}\n'
    b"\n"
    b'{"email": "ann@x.com", "total": 1.50, "big": 123456789012345678901234567890}\r\n'
    b"no json\n"
    b'{"notes": "call 555-1234"}\n'
    b'{"\xff": 1}\n'
    b"   \n"
    b"[1, 2]"
)


@pytest.fixture
def events(tmp_path: Path) -> Path:
    file = tmp_path / "events.jsonl"
    file.write_bytes(EVENTS)
    return file


def run(*words: object) -> int:
    return main(["screen", *map(str, words)])


def lines(file: Path) -> list[Any]:
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


def test_every_event_goes_out_somewhere(
    events: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good, dead = tmp_path / "good.jsonl", tmp_path / "dead.jsonl"
    assert run(events, "--accepted", good, "--rejected", dead) == 1
    assert good.read_bytes() == b'{"order_id": "123", "total": 99.90}\n[1, 2]\n'
    assert [(row["error_code"], row["error_detail"]["pattern"]) for row in lines(dead)] == [
        ("PII_DETECTED", "key:email"),
        ("UNREADABLE_PAYLOAD", "malformed"),
        ("PII_DETECTED", "phone"),
        ("UNREADABLE_PAYLOAD", "encoding"),
    ]
    assert [row["error_detail"].get("line") for row in lines(dead)] == [None, 4, None, 6]
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("6 events: 2 accepted, 0 stripped, 4 rejected (2 unreadable).\n")


def test_amounts_and_long_numbers_stay_exact(events: Path, tmp_path: Path) -> None:
    good, bare, dead = (tmp_path / name for name in ("good", "bare", "dead"))
    outs = ("--accepted", good, "--stripped", bare, "--rejected", dead)
    assert run(events, "--policy", "strip", *outs) == 1
    assert bare.read_text("utf-8") == '{"total":1.50,"big":123456789012345678901234567890}\n'
    assert len(lines(dead)) == 3


def test_stripped_events_join_the_accepted_ones(events: Path, tmp_path: Path) -> None:
    good, dead = tmp_path / "good", tmp_path / "dead"
    run(events, "--policy", "strip", "--accepted", good, "--rejected", dead)
    assert [line for line in lines(good) if isinstance(line, dict)][1]["total"] == 1.5


def test_clean_events_end_in_zero(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "events"
    file.write_text('{"a": 1}\n\n', "utf-8")
    assert run(file, "--format", "json") == 0
    assert json.loads(capsys.readouterr().err) == {
        "events": 1,
        "accepted": 1,
        "stripped": 0,
        "rejected": 0,
        "unreadable": 0,
        "blank_lines": 1,
        "patterns": {},
    }
    file.write_bytes(b"")
    assert run(file, "--quiet") == 0
    assert capsys.readouterr() == ("", "")


def test_accepted_events_are_printed(events: Path, tmp_path: Path, capfdbinary: Any) -> None:
    assert run(events, "--accepted", "-", "--rejected", tmp_path / "dead", "-q") == 1
    assert capfdbinary.readouterr().out.splitlines()[1] == b"[1, 2]"


def test_no_value_and_no_key_of_a_sender_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "events"
    file.write_text('{"ann@x.com": {"ssn": "123-45-6789", "\\u001b[31m": "bo@y.org"}}\n', "utf-8")
    dead = tmp_path / "dead"
    run(file, "--accepted", tmp_path / "good", "--rejected", dead)
    everything = "".join(capsys.readouterr()) + dead.read_text("utf-8")
    for secret in ("ann", "123-45", "bo@", "\x1b"):
        assert secret not in everything


def test_surfaces_of_ones_own_and_their_policies(events: Path, tmp_path: Path) -> None:
    listed = tmp_path / "surfaces.yml"
    listed.write_text("surfaces: [{table: inbox, column: body, policy: strip}]", "utf-8")
    good, dead = tmp_path / "good", tmp_path / "dead"
    run(events, "--surfaces", listed, "--accepted", good, "--rejected", dead)
    assert len(lines(good)) == 3
    for each in surfaces():
        assert run(events, "--surface", each.name, "-q") == 1
        assert run(events, "--surface", each.table, "-q") == 1


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("EVENTS", "--accepted", "GOOD"), "give --rejected as well"),
        (("EVENTS", "--rejected", "GOOD"), "give --accepted as well"),
        (("EVENTS", "--accepted", "GOOD", "--rejected", "GOOD"), "Two outputs are the same file"),
        (("EVENTS", "--accepted", "GOOD", "--rejected", "EVENTS"), "can't be written as well"),
        (("EVENTS", "--surface", "orders"), "fits no surface: name one of attribution_events."),
        (("EVENTS", "--surfaces", "EVENTS"), "isn't UTF-8"),
        (("NOTHING",), "Can't read"),
        (("EVENTS", "--accepted", "NOWHERE/x", "--rejected", "GOOD"), "Can't write to --accepted"),
    ],
)
def test_what_cannot_be_done_says_why(
    events: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    sentence: str,
) -> None:
    places = {"EVENTS": events, "GOOD": tmp_path / "good", "NOWHERE/x": tmp_path / "no" / "x"}
    given = [places.get(word, word) for word in words]
    assert run(*given) == 2
    assert sentence in capsys.readouterr().err
    assert sorted(each.name for each in tmp_path.iterdir()) == ["events.jsonl"]


def test_a_failed_run_leaves_the_last_outputs(
    events: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, dead = tmp_path / "good", tmp_path / "dead"
    good.write_text("of yesterday", "utf-8")

    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(stream, "_send", fail)
    assert run(events, "--accepted", good, "--rejected", dead) == 130
    assert good.read_text("utf-8") == "of yesterday"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["events.jsonl", "good"]


def test_outputs_keep_their_rights_and_links(events: Path, tmp_path: Path) -> None:
    good, dead, link = (tmp_path / name for name in ("good", "dead", "link"))
    good.touch(mode=0o640)
    good.chmod(0o640)
    link.symlink_to(good)
    run(events, "--accepted", link, "--rejected", dead)
    assert link.is_symlink()
    assert good.stat().st_mode & 0o777 == 0o640
    assert len(lines(good)) == 2


def test_what_is_no_file_is_written_straight(events: Path, tmp_path: Path) -> None:
    assert run(events, "--accepted", os.devnull, "--rejected", tmp_path / "dead") == 1
    assert Path(os.devnull).is_char_device()


def test_events_come_in_by_a_pipe_and_a_reader_may_leave(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pii_lint", "screen", "--accepted", "-", "--rejected"]
    many = b'{"order_id": "12345", "note": "linen"}\n' * 20_000
    done = subprocess.run([*command, str(tmp_path / "dead")], input=many, capture_output=True)
    assert (done.returncode, done.stdout) == (0, many)
    gone = subprocess.Popen(
        [*command, str(tmp_path / "gone")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert gone.stdout is not None
    gone.stdout.close()
    _, said = gone.communicate(many)
    assert gone.returncode == 2
    assert b"went away" in said
    assert b"Traceback" not in said
    assert not (tmp_path / "gone").exists()


# ---- the stream --------------------------------------------------------------------------------


class Counted:
    """Hands out lines that nobody holds, and knows how much was asked for at once."""

    def __init__(self, pieces: list[bytes]) -> None:
        self.pieces = pieces
        self.most = 0

    def readline(self, size: int = -1) -> bytes:
        self.most = max(self.most, size)
        piece = self.pieces.pop(0) if self.pieces else b""
        if len(piece) > size:
            self.pieces.insert(0, piece[size:])
            piece = piece[:size]
        return piece


def test_a_line_of_any_length_is_read_in_parts_and_rejected() -> None:
    source = Counted([b'"' + b"x" * 5_000 + b'"\n', b"1\n", b"y" * 101])
    rows: list[bytes] = []
    good: list[bytes] = []
    heard: list[int] = []
    sinks = Sinks(good.append, good.append, rows.append)
    tally = screen_lines(source, surfaces()[0], sinks, heard.append, longest=100)  # type: ignore[arg-type]
    assert (tally.accepted, tally.rejected, good) == (1, 2, [b"1\n"])
    assert json.loads(rows[0])["error_detail"] == {"field": "$", "pattern": "too long", "line": 1}
    assert heard == [5003, 5005, 5106]
