"""An editor as a language server sees it: JSON-RPC over the standard streams of a real process."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

Json = dict[str, Any]
PATIENCE = 60
"""Seconds after which a server that says nothing has hung."""
CAPABILITIES: Json = {
    "workspace": {
        "didChangeWatchedFiles": {"dynamicRegistration": True},
        "workspaceEdit": {"documentChanges": True},
        "workspaceFolders": True,
    },
    "textDocument": {"publishDiagnostics": {"relatedInformation": True}},
}
_NOWHERE: Json = {
    "textDocument": {"uri": "file:///nowhere.sql"},
    "range": {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 0}},
    "context": {"diagnostics": []},
}


class Editor:
    """Starts a server and speaks with it."""

    def __init__(self, *command: str) -> None:
        self.process = subprocess.Popen(
            command or (sys.executable, "-m", "pii_lint", "lsp"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.heard: list[Json] = []
        # every message from the server, in order
        self._fresh: queue.Queue[Json | None] = queue.Queue()
        self._number = 0
        self._folders: list[Path] = []
        self._open: list[Path] = []
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        stream = self.process.stdout
        assert stream is not None
        while True:
            length = 0
            while (line := stream.readline()) not in (b"", b"\r\n"):
                name, _, value = line.partition(b":")
                length = int(value) if name.lower() == b"content-length" else length
            if not length:
                self._fresh.put(None)
                return
            self._fresh.put(json.loads(stream.read(length)))

    def _send(self, message: Json) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        stream = self.process.stdin
        assert stream is not None
        stream.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        stream.flush()

    def notify(self, method: str, params: object = None) -> None:
        self._send({"method": method, "params": params if params is not None else {}})

    def ask(self, method: str, params: object = None) -> Any:
        """The result of a request."""
        self._number += 1
        number = self._number
        self._send({"id": number, "method": method, "params": params})
        answer = self.wait(lambda one: one.get("id") == number and "method" not in one)
        assert "error" not in answer, answer
        return answer.get("result")

    def wait(self, wanted: Callable[[Json], bool]) -> Json:
        """The next message of this sort; requests of the server are answered meanwhile."""
        while True:
            message = self._fresh.get(timeout=PATIENCE)
            assert message is not None, f"the server is gone: {self.process.stderr.read()!r}"
            self.heard.append(message)
            if "method" in message and "id" in message:
                self._send({"id": message["id"], "result": None})
            if wanted(message):
                return message

    def greet(self, *folders: Path, capabilities: Json = CAPABILITIES) -> Json:
        """Begin a session; what the server says it can do."""
        result = self.ask(
            "initialize",
            {
                "processId": None,
                "rootUri": folders[0].as_uri() if folders else None,
                "capabilities": capabilities,
                "workspaceFolders": [{"uri": f.as_uri(), "name": f.name} for f in folders],
            },
        )
        self.notify("initialized")
        return dict(result)

    def enter(self, folder: Path) -> None:
        """Open one more folder."""
        self._folders.append(folder)
        self._move("added", folder)

    def leave(self) -> None:
        """Close what was opened."""
        for file in self._open:
            self.notify("textDocument/didClose", {"textDocument": {"uri": file.as_uri()}})
        for folder in self._folders:
            self._move("removed", folder)
        self._folders, self._open = [], []
        # answered after all that was said before
        self.ask("textDocument/codeAction", _NOWHERE)
        self.forget()

    def forget(self) -> None:
        """Begin to listen."""
        self.heard.clear()

    def _move(self, what: str, folder: Path) -> None:
        event: Json = {"added": [], "removed": []}
        event[what] = [{"uri": folder.as_uri(), "name": folder.name}]
        self.notify("workspace/didChangeWorkspaceFolders", {"event": event})

    def stop(self) -> int:
        """Say good-bye as the protocol wants it; the exit code."""
        self.ask("shutdown")
        self.notify("exit", None)
        return self.process.wait(PATIENCE)

    def close(self) -> None:
        """Hang up, so that the server ends and clears its files away; one that hangs is killed."""
        stdin, stdout, stderr = self.process.stdin, self.process.stdout, self.process.stderr
        assert stdin is not None
        assert stdout is not None
        assert stderr is not None
        stdin.close()
        try:
            self.process.wait(PATIENCE)
        finally:
            self.process.kill()
            self.process.wait()
            stdout.close()
            stderr.close()

    # --- what an editor does --------------------------------------------------------------------

    def open(self, file: Path, text: str | None = None) -> None:
        self._open.append(file)
        shown = file.read_text("utf-8") if text is None else text
        item = {"uri": file.as_uri(), "languageId": "sql", "version": 1, "text": shown}
        self.notify("textDocument/didOpen", {"textDocument": item})

    def type(self, file: Path, text: str) -> None:
        item = {"uri": file.as_uri(), "version": 2}
        change = {"textDocument": item, "contentChanges": [{"text": text}]}
        self.notify("textDocument/didChange", change)

    def save(self, file: Path) -> None:
        self.notify("textDocument/didSave", {"textDocument": {"uri": file.as_uri()}})

    def changed(self, *files: Path) -> None:
        changes = [{"uri": file.as_uri(), "type": 2} for file in files]
        self.notify("workspace/didChangeWatchedFiles", {"changes": changes})

    def at(self, file: Path, name: str, nth: int = 0) -> Json:
        """The place of the nth mention of a name in a saved file, in UTF-16 units."""
        text = file.read_text("utf-8")
        offset = -1
        for _ in range(nth + 1):
            offset = text.index(name, offset + 1)
        line = text[text.rfind("\n", 0, offset) + 1 : offset]
        return {
            "line": text.count("\n", 0, offset),
            "character": len(line.encode("utf-16-le")) // 2,
        }

    def hover(self, file: Path, name: str, nth: int = 0) -> str | None:
        place = {"textDocument": {"uri": file.as_uri()}, "position": self.at(file, name, nth)}
        found = self.ask("textDocument/hover", place)
        return found and str(found["contents"]["value"])

    def hover_when_ready(self, file: Path, name: str) -> str | None:
        """The same, asked until the project was looked at."""
        found = None
        for _ in range(PATIENCE * 20):
            if found := self.hover(file, name):
                break
            time.sleep(0.05)
        return found

    def notify_command(self, command: Json) -> None:
        """Run a command of the server, and don't wait for its end."""
        self._number += 1
        self._send(
            {"id": self._number, "method": "workspace/executeCommand", "params": dict(command)}
        )

    def actions(self, file: Path, span: Json, only: Sequence[str] | None = None) -> list[Json]:
        context: Json = {"diagnostics": []}
        if only:
            context["only"] = list(only)
        return list(
            self.ask(
                "textDocument/codeAction",
                {"textDocument": {"uri": file.as_uri()}, "range": span, "context": context},
            )
        )

    def diagnostics(self, file: Path) -> list[Json]:
        """The next that are published for a file."""
        message = self.wait(
            lambda one: (
                one.get("method") == "textDocument/publishDiagnostics"
                and one["params"]["uri"] == file.as_uri()
            )
        )
        return list(message["params"]["diagnostics"])

    def message(self) -> str:
        """The next sentence in the editor's window."""
        said = self.wait(lambda one: one.get("method") == "window/showMessage")
        return str(said["params"]["message"])
