"""Run a command beside a Spark cluster of its own: `python ops/with_spark.py COMMAND...`.

A standalone master and two workers, each a process of its own, on this machine's loopback address
and nowhere else, behind a secret of this run. The command finds the cluster through SPARK_MASTER
and SPARK_CONF_DIR. All of it is gone when the command ends, on Ctrl-C, and when this process is
killed; what Spark itself recorded of the work is told at the end.
"""

from __future__ import annotations

import argparse
import ctypes
import http.client
import importlib.util
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

WORKERS = 2
_LOOPBACK = "127.0.0.1"
_SECONDS_TO_START = 120
_SECONDS_TO_STOP = 20
_MASTER = "org.apache.spark.deploy.master.Master"
_WORKER = "org.apache.spark.deploy.worker.Worker"
# short-lived processes that share few cores
_JAVA = "-XX:+UseSerialGC -XX:TieredStopAtLevel=1"
_SET_DEATH_SIGNAL = 1
# Linux's prctl
_LOG = """
rootLogger.level = error
rootLogger.appenderRef.stderr.ref = stderr
appender.stderr.type = Console
appender.stderr.name = stderr
appender.stderr.target = SYSTEM_ERR
appender.stderr.layout.type = PatternLayout
appender.stderr.layout.pattern = %p %c{1}: %m%n
"""


class NotStarted(Exception):
    """One sentence on what is missing or went wrong."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """A running cluster; all that it writes stands below `home`."""

    home: Path
    master: str
    page: int
    # the port of the master's web page
    pids: tuple[int, ...]

    @property
    def environment(self) -> Mapping[str, str]:
        """What a process that is to use it has to find in its environment."""
        return {
            "SPARK_MASTER": self.master,
            "SPARK_CONF_DIR": str(self.home / "conf"),
            "SPARK_LOCAL_IP": _LOOPBACK,
        }

    def workers(self) -> dict[str, str]:
        """The workers that the master knows: their page's address, and their name."""
        told = _ask(self.page)
        listed = told.get("workers") if told else None
        alive = [one for one in listed or [] if one.get("state") == "ALIVE"]
        return {urlsplit(one["webuiaddress"]).netloc: one["id"] for one in alive}

    def record(self) -> Record:
        """What the event logs say that was done, and by whom."""
        return record(self.home / "events", self.workers())


@dataclass(slots=True)
class Record:
    """Tasks that ended well, their run time in milliseconds and the rows they read, by worker."""

    tasks: Counter[str] = field(default_factory=Counter)
    busy: Counter[str] = field(default_factory=Counter)
    rows: Counter[str] = field(default_factory=Counter)


def record(events: Path, workers: Mapping[str, str]) -> Record:
    """Read Spark's own log: each task names its executor, each executor its worker's page."""
    done = Record()
    for log in sorted(events.glob("*")):
        home: dict[str, str] = {}
        with log.open(encoding="utf-8") as lines:
            for line in lines:
                # most of a log is plans, which are long
                if line.startswith('{"Event":"SparkListenerExecutorAdded"'):
                    event = json.loads(line)
                    urls = event["Executor Info"]["Log Urls"].values()
                    pages = {urlsplit(url).netloc for url in urls}
                    home[event["Executor ID"]] = next(
                        (workers[page] for page in pages if page in workers), "another worker"
                    )
                elif line.startswith('{"Event":"SparkListenerTaskEnd"'):
                    event = json.loads(line)
                    if event["Task End Reason"]["Reason"] == "Success":
                        worker = home.get(event["Task Info"]["Executor ID"], "no worker")
                        metrics = event.get("Task Metrics") or {}
                        done.tasks[worker] += 1
                        done.busy[worker] += metrics.get("Executor Run Time", 0)
                        done.rows[worker] += metrics.get("Input Metrics", {}).get("Records Read", 0)
    return done


@contextmanager
def cluster(
    *, workers: int = WORKERS, cores: int = 1, megabytes: int = 640, small: bool = True
) -> Iterator[Cluster]:
    """Start one, and stop it whatever happens. Each worker gets one executor of that size.

    With `small` it is set for little data: what makes Spark fast on much of it takes longer to get
    ready than the work itself.
    """
    programs = _programs()
    home = Path(tempfile.mkdtemp(prefix="spark-"))
    started: list[subprocess.Popen[bytes]] = []
    try:
        _configure(home, cores=cores, megabytes=megabytes, small=workers * cores if small else 0)
        environment = _environment(programs, home)
        for _ in range(3):
            port, page = _free_ports(2)
            where = ["--host", _LOOPBACK, "--port", str(port), "--webui-port", str(page)]
            master = _start(programs, [_MASTER, *where], environment, home / "master.log")
            started.append(master)
            if _until(lambda at=page: _ask(at) is not None, master):
                break
            # somebody else was faster to take a port
        else:
            raise NotStarted(f"Spark's master didn't start: {_last_words(home / 'master.log')}")
        url = f"spark://{_LOOPBACK}:{port}"
        for number in range(workers):
            folder = home / f"worker-{number}"
            size = ["--cores", str(cores), "--memory", f"{megabytes}m", "--work-dir", str(folder)]
            words = [_WORKER, "--host", _LOOPBACK, "--port", "0", "--webui-port", "0", *size, url]
            started.append(_start(programs, words, environment, home / f"worker-{number}.log"))
        running = Cluster(home, url, page, tuple(one.pid for one in started if not one.poll()))
        if not _until(lambda: len(running.workers()) == workers, *started[1:]):
            raise NotStarted(f"Spark's workers didn't start: {_last_words(home / 'worker-0.log')}")
        yield running
    finally:
        # workers first: each ends its executors
        for process in reversed(started):
            process.terminate()
        for process in reversed(started):
            try:
                process.wait(_SECONDS_TO_STOP)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(home, ignore_errors=True)


def _programs() -> Path:
    """The folder of the `pyspark` package, which brings Spark whole."""
    found = importlib.util.find_spec("pyspark")
    if found is None or found.origin is None:
        raise NotStarted("There is no pyspark here: install `pii-lint[spark]`.")
    java = Path(os.environ["JAVA_HOME"]) / "bin/java" if "JAVA_HOME" in os.environ else None
    if not (java and java.is_file()) and shutil.which("java") is None:
        raise NotStarted(
            "There is no Java here: install one, 17 or newer (Debian: openjdk-17-jre-headless)."
        )
    return Path(found.origin).parent


def _configure(home: Path, *, cores: int, megabytes: int, small: int) -> None:
    conf = home / "conf"
    for folder in (conf, home / "events", home / "local"):
        folder.mkdir()
    settings = {
        # without it, whoever is on this machine could have the workers run anything
        "spark.authenticate": "true",
        "spark.authenticate.secret": secrets.token_hex(32),
        "spark.master.rest.enabled": "false",
        "spark.ui.killEnabled": "false",
        "spark.driver.host": _LOOPBACK,
        "spark.driver.bindAddress": _LOOPBACK,
        "spark.executor.cores": cores,
        # a worker's memory is its executor's
        "spark.executor.memory": f"{megabytes}m",
        "spark.local.dir": home / "local",
        "spark.eventLog.enabled": "true",
        "spark.eventLog.dir": f"file:{home / 'events'}",
        "spark.eventLog.rolling.enabled": "false",
        "spark.eventLog.compress": "false",
        "spark.scheduler.minRegisteredResourcesRatio": "1.0",
    }
    if small:
        settings |= {
            "spark.executor.extraJavaOptions": _JAVA,
            "spark.driver.defaultJavaOptions": _JAVA,
            "spark.sql.shuffle.partitions": small,
            "spark.sql.adaptive.enabled": "false",
            "spark.sql.hive.manageFilesourcePartitions": "false",
            "spark.sql.codegen.wholeStage": "false",
            "spark.sql.codegen.factoryMode": "NO_CODEGEN",
        }
    text = "".join(f"{name} {value}\n" for name, value in settings.items())
    (conf / "spark-defaults.conf").write_text(text, encoding="utf-8")
    (conf / "log4j2.properties").write_text(_LOG, encoding="utf-8")


def _environment(programs: Path, home: Path) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("SPARK_")}
    return own | {
        "SPARK_HOME": str(programs),
        "SPARK_CONF_DIR": str(home / "conf"),
        "SPARK_LOCAL_IP": _LOOPBACK,
        "SPARK_LOCAL_DIRS": str(home / "local"),
        "SPARK_DAEMON_MEMORY": "256m",
        "SPARK_DAEMON_JAVA_OPTS": _JAVA,
    }


def _start(
    programs: Path, words: list[str], environment: Mapping[str, str], log: Path
) -> subprocess.Popen[bytes]:
    with log.open("ab") as said:
        return subprocess.Popen(
            [str(programs / "bin/spark-class"), *words],
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            env=dict(environment),
            # Ctrl-C is for the command; the cluster ends after it
            start_new_session=True,
            preexec_fn=_die_with_parent,
        )


def _die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SET_DEATH_SIGNAL, signal.SIGTERM)


def _until(ready: Callable[[], bool], *processes: subprocess.Popen[bytes]) -> bool:
    deadline = time.monotonic() + _SECONDS_TO_START
    while time.monotonic() < deadline and all(one.poll() is None for one in processes):
        if ready():
            return True
        time.sleep(0.2)
    return False


def _ask(page: int) -> dict[str, list[dict[str, str]]] | None:
    """What the master says of itself; None while it doesn't answer."""
    connection = http.client.HTTPConnection(_LOOPBACK, page, timeout=10)
    try:
        connection.request("GET", "/json/")
        told = json.loads(connection.getresponse().read())
    except (OSError, http.client.HTTPException, ValueError):
        return None
    finally:
        connection.close()
    return told if isinstance(told, dict) else None


def _free_ports(count: int) -> list[int]:
    taken = [socket.socket() for _ in range(count)]
    try:
        for one in taken:
            one.bind((_LOOPBACK, 0))
        return [int(one.getsockname()[1]) for one in taken]
    finally:
        for one in taken:
            one.close()


def _last_words(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python ops/with_spark.py", description=__doc__)
    parser.add_argument("--workers", type=int, default=WORKERS)
    parser.add_argument("--megabytes", type=int, default=640, help="memory of each worker")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    given = parser.parse_args(arguments)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(130))
    try:
        with cluster(workers=given.workers, megabytes=given.megabytes) as running:
            environment = {**os.environ, **running.environment}
            code = subprocess.run(given.command, env=environment, check=False).returncode
            done = running.record()
            print("\nWhat Spark recorded of the work:")
            for worker, tasks in sorted(done.tasks.items()):
                print(f"   {worker}: {tasks} tasks, {done.busy[worker] / 1000:.1f} s")
            return code
    except NotStarted as reason:
        print(reason, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
