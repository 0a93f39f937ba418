"""Other processes that share a run's work: what they give back, how they end, and that no verdict
depends on them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pii_lint import crew

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux copies a process safely, elsewhere nobody is asked"
)

BUILT = "import os, signal, sys, time\nfrom pii_lint.crew import Crew\n"


def _ran(script: str) -> str:
    # NOTE: a process of its own, for the one that runs the tests has threads, and isn't copied
    done = subprocess.run(
        [sys.executable, "-c", BUILT + script], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def _gone(pid: int) -> bool:
    for _ in range(1200):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            # whoever inherited it has heard of its end, perhaps at this very moment
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False


def test_every_task_is_answered_by_another_process() -> None:
    told = _ran("""
found = {}
with Crew(lambda task: (task * task, os.getpid()), 2) as crew:
    tasks = list(range(40))
    while tasks or crew.busy:
        while tasks and crew.give(tasks[-1]):
            tasks.pop()
        found.update(crew.answers(patient=True))
print([found[n][0] for n in range(40)] == [n * n for n in range(40)])
print(len({pid for _, pid in found.values()} - {os.getpid()}))
""")
    assert told.split() == ["True", "2"]


def test_what_a_process_that_died_was_asked_has_no_answer() -> None:
    told = _ran("""
def work(task):
    if task == "die":
        time.sleep(1)
        os.kill(os.getpid(), signal.SIGKILL)
    return task

found = []
with Crew(work, 1) as crew:
    assert crew.give("well")
    found += crew.answers(patient=True)
    assert crew.give("die")
    late = crew.give("behind it")
    while crew.busy:
        found += crew.answers(patient=True)
    assert found == [("well", "well"), ("die", None)] + [("behind it", None)] * late, found
    print(crew.free, crew.give("nobody is there"))
""")
    assert told == "False False"


def test_a_process_whose_work_fails_says_nothing() -> None:
    told = _ran("""
with Crew(lambda task: task / 0, 1) as crew:
    crew.give(1)
    print(list(crew.answers(patient=True)))
""")
    assert told == "[(1, None)]"


def test_a_task_too_large_for_a_pipe_waits_for_a_reader() -> None:
    told = _ran("""
large = "x" * 3_000_000
with Crew(lambda task: task, 1) as crew:
    print(crew.give(large), crew.give(large))
    print([len(answer) for _, answer in crew.answers(patient=True)])
""")
    assert told.split("\n") == ["True False", "[3000000]"]


def test_nobody_is_left_when_the_run_is_interrupted() -> None:
    told = _ran("""
try:
    with Crew(lambda task: time.sleep(60), 2) as crew:
        print(*crew.pids)
        crew.give(1)
        raise KeyboardInterrupt
except KeyboardInterrupt:
    print("interrupted")
""")
    pids, word = told.split("\n")
    assert word == "interrupted"
    assert all(_gone(int(pid)) for pid in pids.split())


def test_nobody_is_left_when_the_run_is_killed() -> None:
    script = BUILT + (
        "with Crew(lambda task: task, 2) as crew:\n"
        "    print(*crew.pids, flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, timeout=60
    )
    assert done.returncode < 0
    assert all(_gone(int(pid)) for pid in done.stdout.split())


@pytest.mark.parametrize("room", [0, 1])
def test_where_no_more_processes_may_be_made_fewer_do_the_work(room: int) -> None:
    told = _ran(f"""
fork, made = os.fork, []
def fork_while_there_is_room():
    if len(made) == {room}:
        raise BlockingIOError(11, "Resource temporarily unavailable")
    made.append(fork())
    return made[-1]

os.fork = fork_while_there_is_room
before = set(os.listdir("/proc/self/fd"))
with Crew(lambda task: task, 3) as crew:
    print(len(crew.pids), crew.give("well"), *crew.answers(patient=True))
print(set(os.listdir("/proc/self/fd")) - before)
""")
    assert told.split("\n")[0] == ("1 True ('well', 'well')" if room else "0 False")
    assert told.split("\n")[1] == "set()"


def test_a_process_with_threads_is_not_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crew.threading, "active_count", lambda: 2)
    assert crew.spare_hands() == 0


CHECKED = """
import os
import sys
from pii_lint import cli, crew
from pii_lint.propagation import sharing

hands, output = int(sys.argv[1]), sys.argv[2]
crew.spare_hands = lambda: abs(hands)
if hands < 0:

    def fork():
        raise OSError(12, "Cannot allocate memory")

    os.fork = fork
adopted = []
taken = sharing.Sharing._prepared

def counted(self, *, patient):
    for uid in taken(self, patient=patient):
        adopted.append(uid)
        yield uid

sharing.Sharing._prepared = counted
cli.main(["check", "--format", "json", "--persona", "auditor", "--output", output])
print(len(adopted))
"""


def test_a_report_does_not_depend_on_who_walked_the_queries(tmp_path: Path) -> None:
    project = tmp_path / "project"
    made = [sys.executable, "-m", "tests.bench.generate", str(project), "--models", "120"]
    subprocess.run(made, check=True)
    reports, walked = [], []
    # less than none: those who are wanted can't be made
    for hands in (0, 2, -2):
        output = tmp_path / f"{hands}.json"
        done = subprocess.run(
            [sys.executable, "-c", CHECKED, str(hands), str(output)],
            cwd=project,
            env={**os.environ, "PII_LINT_CACHE_DIR": str(tmp_path / f"cache-{hands}")},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        walked.append(int(done.stdout.split()[-1]))
        reports.append(json.loads(output.read_text()))
    assert walked[0] == walked[2] == 0
    assert walked[1] > 20
    assert reports[0]["findings"]
    assert reports[0] == reports[1] == reports[2]
