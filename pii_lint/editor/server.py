"""The language server: what an editor says and asks, and what it is told."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from lsprotocol import types as lsp
from pygls.exceptions import FeatureRequestError
from pygls.lsp.server import LanguageServer

from pii_lint import __version__, files
from pii_lint.artifacts.paths import inside
from pii_lint.artifacts.project_dir import PROJECT_FILE
from pii_lint.config import POLICY_FILE
from pii_lint.editor.actions import FIX_ALL, OPEN_PAGE, Shown, actions
from pii_lint.editor.analysis import Look, look
from pii_lint.editor.diagnostics import SOURCE, diagnostic, outdated, told_of
from pii_lint.editor.hover import hover
from pii_lint.editor.projects import Projects, Watched, matters, patterns
from pii_lint.editor.rule_pages import page_uri
from pii_lint.editor.texts import Texts, path_of
from pii_lint.reports import plain
from pii_lint.rules import RULES

if TYPE_CHECKING:
    from pygls.server import ServerErrors

TOGETHER = 0.02
"""Seconds in which further changes join the one that just came: dbt writes many files at once."""
SECOND_TRY = 1.0
"""Seconds after which a manifest is read again that may have been half written."""
POLL = 1.0
"""Seconds between looks at the manifests where the editor can't watch files."""
_OUTDATED = (
    "This file isn't as dbt last compiled it, so that nothing certain can be said of it: run "
    "`dbt compile` (and save the file first)."
)


class Server(LanguageServer):
    """One editor's server."""

    def __init__(self) -> None:
        super().__init__(SOURCE, f"v{__version__}")
        self.projects = Projects()
        self.thanked = False
        # the editor said that it will leave
        self.lost = False
        # a file outside of any project was told of
        self._texts: Texts | None = None
        self._pending: set[Path] = set()
        self._again: dict[Path, str] = {}
        self._worker: asyncio.Task[None] | None = None
        # one thread: two runs at once would only be slower
        self._pool = ThreadPoolExecutor(1, "pii-lint")

    @property
    def texts(self) -> Texts:
        """Files as the editor shows them."""
        if self._texts is None:
            self._texts = Texts(self.workspace)
        return self._texts

    def report_server_error(self, error: Exception, source: ServerErrors) -> None:
        """What went wrong between the editor and this server; a request's error is its answer."""
        if source is not FeatureRequestError:
            # its text may hold a value of the project
            self.say(
                lsp.MessageType.Warning,
                f"the server met something it wasn't made for ({type(error).__name__}), and goes "
                "on.",
            )

    # --- looking ------------------------------------------------------------------------------

    def refresh(self, projects: Iterable[Watched]) -> None:
        """Look at projects anew, soon."""
        self._pending |= {project.folder for project in projects}
        if self._pending and (self._worker is None or self._worker.done()):
            self._worker = asyncio.get_running_loop().create_task(self._work())

    async def _work(self) -> None:
        while self._pending:
            await asyncio.sleep(TOGETHER)
            folder = min(self._pending)
            self._pending.discard(folder)
            if not files.is_file(folder / PROJECT_FILE):
                for gone in self.projects.drop(folder):
                    self.hide(gone)
                continue
            before = next((one.analysis for one in self.projects if one.folder == folder), None)
            found = await asyncio.get_running_loop().run_in_executor(
                self._pool, look, folder, before
            )
            known = {project.folder: project for project in self.projects}
            # its folder may have left the workspace meanwhile
            if folder in known:
                self._take(known[folder], found)

    def _take(self, project: Watched, found: Look) -> None:
        if found.analysis is not None:
            project.analysis, project.stale = found.analysis, frozenset()
        elif found.stale:
            project.stale = frozenset(found.stale)
        elif files.is_file(project.manifest) and found.sentence != self._again.get(project.folder):
            # dbt may be writing it at this moment
            self._again[project.folder] = found.sentence
            asyncio.get_running_loop().call_later(SECOND_TRY, self.refresh, [project])
            return
        self._again.pop(project.folder, None)
        project.looked = True
        project.sentence = found.sentence
        self.tell(project)
        self.publish(project)

    def tell(self, project: Watched) -> None:
        """Say once what stands in the way."""
        if project.sentence == project.told:
            return
        project.told = project.sentence
        changed = [inside(project.folder, file) for file in project.stale]
        if project.sentence and not any(path and files.is_file(path) for path in changed):
            sentence = f"{project.folder.name}: {project.sentence}"
            self.say(lsp.MessageType.Warning, sentence)

    def say(self, level: lsp.MessageType, sentence: str) -> None:
        """One message in the editor's window."""
        self.window_show_message(lsp.ShowMessageParams(level, f"pii-lint: {plain(sentence)}"))

    # --- showing ------------------------------------------------------------------------------

    def publish(self, project: Watched) -> None:
        """Show what is known of a project; files of which the same is shown already are left."""
        project.shown = self._shown(project)
        fresh = {path: [one.diagnostic for one in shown] for path, shown in project.shown.items()}
        stale = [place for file in project.stale if (place := inside(project.folder, file))]
        opened = [path for path in self.texts.opened if self.projects.of(path) is project]
        for path in {*stale, *opened}:
            if self.outdated(project, path) and files.is_file(path):
                fresh[path] = [outdated(_OUTDATED)]
        for path in sorted({*fresh, *project.published}):
            diagnostics = fresh.get(path, [])
            if diagnostics != project.published.get(path, []):
                self._send(path, diagnostics)
        project.published = fresh

    def _shown(self, project: Watched) -> dict[Path, list[Shown]]:
        before = {one.finding.id: one for some in project.shown.values() for one in some}
        # many findings lie in few files
        state, old = cache(self.texts.state), cache(partial(self.outdated, project))
        shown: dict[Path, list[Shown]] = {}
        for place, finding in project.analysis.findings if project.analysis else ():
            path = inside(project.folder, place.file)
            if path is None or old(path):
                continue
            told_in = told_of(project.folder, place, finding)
            texts = frozenset((file, state(file)) for file in told_in)
            one = before.get(finding.id)
            if one is None or (one.place, one.finding, one.texts) != (place, finding, texts):
                told = diagnostic(self.texts, project.folder, place, finding)
                one = Shown(told, place, finding, texts)
            shown.setdefault(path, []).append(one)
        return shown

    def outdated(self, project: Watched, path: Path) -> bool:
        """True where lines of the last analysis don't count in the file as it is now."""
        if path.relative_to(project.folder).as_posix() in project.stale:
            return True
        return project.analysis is not None and self.texts.unsaved(path)

    def _send(self, path: Path, diagnostics: list[lsp.Diagnostic]) -> None:
        self.text_document_publish_diagnostics(
            lsp.PublishDiagnosticsParams(
                self.texts.uri(path), diagnostics, self.texts.version(path)
            )
        )

    def hide(self, project: Watched) -> None:
        """Take away all that is shown of a project."""
        for path in project.published:
            self._send(path, [])

    # --- the workspace --------------------------------------------------------------------------

    def enter(self, folder: Path) -> None:
        """Look at the projects in a folder of the workspace that dbt has compiled."""
        found = self.projects.add(folder)
        self.refresh(one for one in found if len(found) == 1 or files.is_file(one.manifest))

    def opened(self, uri: str) -> None:
        """A project is looked at when a file of it is."""
        path = self.texts.open(uri)
        project = self.projects.of(path) if path else None
        if project is not None:
            if project.looked:
                self.publish(project)
            else:
                self.refresh([project])
        elif path is not None and not self.lost:
            self.lost = True
            self.say(
                lsp.MessageType.Warning,
                f"{path.name} is in no dbt project: there is no {PROJECT_FILE} in its folder or "
                "above, so nothing is said of it.",
            )

    def changed(self, paths: Iterable[Path]) -> None:
        """Files changed on disk."""
        touched: dict[Path, Watched] = {}
        for path in paths:
            if path.name == PROJECT_FILE:
                self.projects.add(path.parent)
            project = self.projects.of(path)
            if project is not None and matters(project, path):
                touched[project.folder] = project
        self.refresh(touched.values())

    async def watch(self) -> None:
        """Ask the editor to watch files, or look at them from time to time."""
        capabilities = self.client_capabilities.workspace
        watches = capabilities and capabilities.did_change_watched_files
        if watches and watches.dynamic_registration:
            watchers = [lsp.FileSystemWatcher(pattern) for pattern in patterns()]
            await self.client_register_capability_async(
                lsp.RegistrationParams(
                    [
                        lsp.Registration(
                            "pii-lint-files",
                            lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES,
                            lsp.DidChangeWatchedFilesRegistrationOptions(watchers),
                        )
                    ]
                )
            )
            return
        seen: dict[Path, float] = {}
        while True:
            for project in self.projects:
                for path in (project.manifest, project.folder / POLICY_FILE):
                    now = files.modified(path) if files.is_file(path) else 0.0
                    if seen.setdefault(path, now) != now:
                        seen[path] = now
                        self.refresh([project])
            await asyncio.sleep(POLL)


def serve() -> bool:
    """Serve one editor over the standard streams; False where it left without a word."""
    server = made()
    server.start_io()
    return server.thanked


def made() -> Server:
    """A server with all that it answers to."""
    server = Server()

    @server.feature(lsp.INITIALIZED)
    async def initialized(_: lsp.InitializedParams) -> None:
        for folder in server.workspace.folders.values():
            if path := path_of(folder.uri):
                server.enter(path)
        root = server.workspace.root_uri
        if not server.workspace.folders and root and (path := path_of(root)):
            server.enter(path)
        await server.watch()

    @server.feature(lsp.SHUTDOWN)
    def thanked(_: None) -> None:
        server.thanked = True

    @server.feature(lsp.TEXT_DOCUMENT_DID_OPEN)
    async def did_open(params: lsp.DidOpenTextDocumentParams) -> None:
        server.opened(params.text_document.uri)

    @server.feature(lsp.TEXT_DOCUMENT_DID_CLOSE)
    async def did_close(params: lsp.DidCloseTextDocumentParams) -> None:
        path = server.texts.close(params.text_document.uri)
        project = server.projects.of(path) if path else None
        if project is not None:
            # what was typed and not saved is gone
            server.publish(project)

    @server.feature(lsp.TEXT_DOCUMENT_DID_SAVE)
    async def did_save(params: lsp.DidSaveTextDocumentParams) -> None:
        if path := path_of(params.text_document.uri):
            server.changed([path])

    @server.feature(lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    async def did_change_files(params: lsp.DidChangeWatchedFilesParams) -> None:
        server.changed(path for change in params.changes if (path := path_of(change.uri)))

    @server.feature(lsp.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)
    async def did_change_folders(params: lsp.DidChangeWorkspaceFoldersParams) -> None:
        for gone in params.event.removed:
            if path := path_of(gone.uri):
                for project in server.projects.drop(path):
                    server.hide(project)
        for new in params.event.added:
            if path := path_of(new.uri):
                server.enter(path)

    @server.feature(lsp.TEXT_DOCUMENT_HOVER)
    def told(params: lsp.HoverParams) -> lsp.Hover | None:
        path = path_of(params.text_document.uri)
        project = server.projects.of(path) if path else None
        if path is None or project is None or project.analysis is None:
            return None
        line, offset = server.texts.character(path, params.position)
        file = path.relative_to(project.folder).as_posix()
        text = hover(project.analysis.facts, file, line, params.position.line + 1, offset)
        if text is None:
            return None
        if server.outdated(project, path):
            text += "\n\n---\n\n*As dbt last compiled it; the file has changed since.*"
        return lsp.Hover(lsp.MarkupContent(lsp.MarkupKind.Markdown, text))

    kinds = [lsp.CodeActionKind.QuickFix, FIX_ALL]

    @server.feature(lsp.TEXT_DOCUMENT_CODE_ACTION, lsp.CodeActionOptions(kinds))
    def offered(params: lsp.CodeActionParams) -> list[lsp.CodeAction]:
        path = path_of(params.text_document.uri)
        project = server.projects.of(path) if path else None
        if path is None or project is None or project.analysis is None:
            return []
        if server.outdated(project, path):
            return []
        here = [
            one for one in project.shown.get(path, []) if _touch(one.diagnostic.range, params.range)
        ]
        only = params.context.only
        found = actions(project.analysis.facts, project.folder, server.texts, path, here)
        return [one for one in found if not only or _wanted(one, only)]

    @server.command(OPEN_PAGE)
    async def open_page(uri: str) -> None:
        # what is opened is named by the server, not by whoever asks
        if uri in {page_uri(rule.code) for rule in RULES}:
            await server.window_show_document_async(lsp.ShowDocumentParams(uri, take_focus=True))

    return server


def _touch(one: lsp.Range, other: lsp.Range) -> bool:
    return one.start <= other.end and other.start <= one.end


def _wanted(action: lsp.CodeAction, only: Iterable[lsp.CodeActionKind | str]) -> bool:
    kind = str(getattr(action.kind, "value", action.kind))
    return any(f"{kind}.".startswith(f"{getattr(one, 'value', one)}.") for one in only)
