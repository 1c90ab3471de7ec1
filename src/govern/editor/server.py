"""The language server: messages of the protocol to questions about texts, and back. The only module with pygls.

One exception of one request is that request's error; the server goes on. Standard output carries messages only,
what goes wrong is logged to standard error. Texts are synchronised as a whole: the protocol's incremental changes
count lines by breaks, and a library that counts more of them than the protocol does would edit the wrong place.
Source: Language Server Protocol 3.17.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stdout
from functools import partial

from lsprotocol import types
from pygls.lsp.server import LanguageServer
from pygls.uris import from_fs_path, to_fs_path

from govern import __version__
from govern.editor.actions import Action, actions, every_safe_fix
from govern.editor.diagnose import Diagnostic, Related
from govern.editor.documents import Document, Documents, Judgement, again, judge
from govern.editor.outline import Shape, Symbol
from govern.editor.positions import Encoding, Lines
from govern.editor.suggest import Sign, Suggestion
from govern.findings import Edit, Severity

_LOG = logging.getLogger("govern.editor")
# After the last keystroke: short enough to feel at once, long enough that nobody waits for a lint of half a word.
PAUSE_S = 0.15
_TRIGGERS = [".", " ", "[", "{", ",", "'", '"', "/", "#"]
_SEVERITY = {
    Severity.ERROR: types.DiagnosticSeverity.Error,
    Severity.WARNING: types.DiagnosticSeverity.Warning,
    Severity.NOTE: types.DiagnosticSeverity.Information,
}
_SIGN = {
    Sign.KEY: types.CompletionItemKind.Property,
    Sign.VALUE: types.CompletionItemKind.EnumMember,
    Sign.NAME: types.CompletionItemKind.Reference,
    Sign.FIELD: types.CompletionItemKind.Field,
    Sign.FUNCTION: types.CompletionItemKind.Function,
    Sign.FILE: types.CompletionItemKind.File,
    Sign.RULE: types.CompletionItemKind.Constant,
    Sign.KEYWORD: types.CompletionItemKind.Keyword,
}
_SHAPE = {
    Shape.SECTION: types.SymbolKind.Namespace,
    Shape.NAMED: types.SymbolKind.Field,
    Shape.ITEM: types.SymbolKind.Object,
    Shape.VALUE: types.SymbolKind.Property,
}
_FIX_ALL = f"{types.CodeActionKind.SourceFixAll.value}.govern"


class GovernServer(LanguageServer):
    """One editor's server."""

    def __init__(self) -> None:
        super().__init__("govern", __version__, text_document_sync_kind=types.TextDocumentSyncKind.Full)
        self.documents = Documents()
        # One thread: lint of one text waits for that of another, requests wait for neither.
        self.worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="lint")
        self.timers: dict[str, asyncio.TimerHandle] = {}
        self.told: set[str] = set()
        _register(self)

    @property
    def encoding(self) -> Encoding:
        return Encoding(str(getattr(self.workspace.position_encoding, "value", self.workspace.position_encoding)))

    # Texts

    def put(self, uri: str, text: str, version: int | None, pause_s: float) -> None:
        """A text was opened or changed: it is linted after a pause, and with it what it is a part of."""
        path = _path(uri)
        document = Document.of(uri, path, text, version)
        self.documents.put(document)
        self.lint(uri, pause_s)
        for one in self.documents.depend_on(path):
            if one.uri != uri:
                self.lint(one.uri, max(pause_s, PAUSE_S))

    def lint(self, uri: str, pause_s: float = 0.0) -> None:
        """Lints a text after a pause, unless it changes meanwhile."""
        if (timer := self.timers.pop(uri, None)) is not None:
            timer.cancel()
        self.timers[uri] = asyncio.get_running_loop().call_later(pause_s, self._lint, uri)

    def lint_all(self) -> None:
        for uri in list(self.documents.open):
            self.lint(uri)

    def _lint(self, uri: str) -> None:
        self.timers.pop(uri, None)
        document = self.documents.open.get(uri)
        if document is None:
            return
        job = partial(_judged, document, self.documents.root(document), self.documents.buffers())
        future = asyncio.get_running_loop().run_in_executor(self.worker, job)
        future.add_done_callback(lambda done: self._linted(document, done))

    def _linted(self, document: Document, done: asyncio.Future[Judgement | None]) -> None:
        if done.cancelled() or self.documents.open.get(document.uri) is not document:
            return  # it has changed meanwhile, and is linted again
        judgement = done.result()
        if judgement is None:
            self.publish(document, [_bug()])
            return
        self.documents.judged[document.uri] = judgement
        if judgement.error and judgement.error not in self.told:
            self.told.add(judgement.error)
            message = f"govern: {judgement.error}"
            self.window_show_message(types.ShowMessageParams(types.MessageType.Error, message))
        self.publish(document, [self.diagnostic(document, each) for each in judgement.diagnosed.diagnostics])

    def publish(self, document: Document, found: list[types.Diagnostic]) -> None:
        self.text_document_publish_diagnostics(
            types.PublishDiagnosticsParams(document.uri, found, version=document.version)
        )

    # Values of the protocol

    def offset(self, document: Document, position: types.Position) -> int:
        at = document.lines.offset(position.line, position.character, self.encoding) - document.shift
        return min(max(at, 0), len(document.text))

    def range(self, document: Document, start: int, end: int) -> types.Range:
        return _range(document.lines, start + document.shift, end + document.shift, self.encoding)

    def edit(self, document: Document, edit: Edit) -> types.TextEdit:
        return types.TextEdit(self.range(document, edit.start, edit.end), edit.text)

    def diagnostic(self, document: Document, one: Diagnostic) -> types.Diagnostic:
        finding = one.finding
        wants = self.client_capabilities.text_document
        publish = wants.publish_diagnostics if wants is not None else None
        related = one.related if publish is not None and publish.related_information else ()
        places = [each for place in related if (each := self.related(document, place)) is not None]
        return types.Diagnostic(
            range=self.range(document, one.start, max(one.end, one.start)),
            message=one.message,
            severity=_SEVERITY[finding.severity],
            code=finding.rule,
            code_description=_page(finding.rule) if publish is not None and publish.code_description_support else None,
            source="govern",
            tags=[types.DiagnosticTag.Unnecessary] if _is_unused(finding.rule) else None,
            related_information=places or None,
        )

    def related(self, document: Document, place: Related) -> types.DiagnosticRelatedInformation | None:
        """Another place that a finding names, where there is such a file."""
        folder = os.path.dirname(document.path) if document.path else ""
        tries = (place.file, *(os.path.join(each, place.file) for each in (folder, *self.documents.roots) if each))
        for path in map(os.path.normpath, tries):
            own = path == document.file
            text = document.text if own else self.documents.text_of(path) if os.path.isabs(path) else None
            if text is None:
                continue
            lines = Lines.of(text)
            if not 1 <= place.line <= len(lines.starts):
                return None
            start = lines.starts[place.line - 1] + max(0, place.column - 1)
            stop = lines.starts[place.line] - 1 if place.line < len(lines.starts) else len(text)
            start = start if place.column else start + len(text[start:stop]) - len(text[start:stop].lstrip())
            where = _range(lines, start, stop if not place.column else start, self.encoding)
            uri = document.uri if own else self.uri(path)
            return types.DiagnosticRelatedInformation(types.Location(uri, where), place.message)
        return None

    def uri(self, path: str) -> str:
        """A file's address, as the client writes it where it has the file open."""
        return next((each.uri for each in self.documents.open.values() if each.path == path), _uri(path))

    def item(self, document: Document, index: int, one: Suggestion) -> types.CompletionItem:
        snippet = bool(one.snippet) and self.takes_snippets
        return types.CompletionItem(
            label=one.label,
            kind=_SIGN[one.sign],
            detail=one.detail or None,
            documentation=types.MarkupContent(self.markup, one.says) if one.says else None,
            sort_text=f"{index:04}",
            filter_text=one.label,
            insert_text_format=types.InsertTextFormat.Snippet if snippet else types.InsertTextFormat.PlainText,
            text_edit=types.TextEdit(self.range(document, one.start, one.end), one.snippet if snippet else one.insert),
        )

    @property
    def takes_snippets(self) -> bool:
        wants = self.client_capabilities.text_document
        item = wants.completion.completion_item if wants and wants.completion else None
        return bool(item and item.snippet_support)

    @property
    def markup(self) -> types.MarkupKind:
        wants = self.client_capabilities.text_document
        formats = wants.hover.content_format if wants and wants.hover else None
        plain = formats is not None and types.MarkupKind.Markdown not in formats
        return types.MarkupKind.PlainText if plain else types.MarkupKind.Markdown

    def symbol(self, document: Document, one: Symbol) -> types.DocumentSymbol:
        return types.DocumentSymbol(
            name=one.name,
            detail=one.detail or None,
            kind=_SHAPE[one.shape],
            range=self.range(document, one.start, one.end),
            selection_range=self.range(document, one.name_start, one.name_end),
            children=[self.symbol(document, each) for each in one.below],
        )

    def action(self, document: Document, one: Action, kind: str) -> types.CodeAction:
        edits = [self.edit(document, edit) for edit in one.edits]
        return types.CodeAction(
            title=one.title,
            kind=kind,
            diagnostics=[self.diagnostic(document, one.of)] if one.of is not None else None,
            is_preferred=one.preferred,
            edit=types.WorkspaceEdit(changes={document.uri: edits}),
        )


def _register(server: GovernServer) -> None:
    """Every message that is answered."""

    @server.feature(types.INITIALIZED)
    def initialized(params: types.InitializedParams) -> None:
        server.documents.roots = _roots(server)
        wants = server.client_capabilities.workspace
        watched = wants.did_change_watched_files if wants is not None else None
        if watched is not None and watched.dynamic_registration:
            watchers = [types.FileSystemWatcher(glob) for glob in ("**/*.{yaml,yml}", "**/govern.{toml,lock}")]
            options = types.DidChangeWatchedFilesRegistrationOptions(watchers)
            registration = types.Registration("govern-files", types.WORKSPACE_DID_CHANGE_WATCHED_FILES, options)
            server.client_register_capability(types.RegistrationParams([registration]))

    @server.feature(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)
    def folders_changed(params: types.DidChangeWorkspaceFoldersParams) -> None:
        server.documents.roots = _roots(server)
        server.lint_all()

    @server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def files_changed(params: types.DidChangeWatchedFilesParams) -> None:
        server.lint_all()

    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def opened(params: types.DidOpenTextDocumentParams) -> None:
        one = params.text_document
        server.put(one.uri, one.text, one.version, 0.0)

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def changed(params: types.DidChangeTextDocumentParams) -> None:
        if params.content_changes:
            one = params.text_document
            server.put(one.uri, params.content_changes[-1].text, one.version, PAUSE_S)

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    def saved(params: types.DidSaveTextDocumentParams) -> None:
        server.lint_all()  # what is on disk is a part of others

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def closed(params: types.DidCloseTextDocumentParams) -> None:
        uri = params.text_document.uri
        others = [each.uri for each in server.documents.depend_on(_path(uri)) if each.uri != uri]
        server.documents.close(uri)
        server.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, []))
        for other in others:
            server.lint(other)

    @server.feature(types.TEXT_DOCUMENT_COMPLETION, types.CompletionOptions(trigger_characters=_TRIGGERS))
    def completion(params: types.CompletionParams) -> types.CompletionList | None:
        document = server.documents.open.get(params.text_document.uri)
        if document is None:
            return None
        found = server.documents.completion(document, server.offset(document, params.position))
        items = [server.item(document, index, each) for index, each in enumerate(found)]
        return types.CompletionList(is_incomplete=False, items=items)

    @server.feature(types.TEXT_DOCUMENT_HOVER)
    def hover(params: types.HoverParams) -> types.Hover | None:
        document = server.documents.open.get(params.text_document.uri)
        if document is None:
            return None
        found = server.documents.hover(document, server.offset(document, params.position))
        if found is None:
            return None
        return types.Hover(
            types.MarkupContent(server.markup, found.says), server.range(document, found.start, found.end)
        )

    @server.feature(types.TEXT_DOCUMENT_DEFINITION)
    def definition(params: types.DefinitionParams) -> list[types.Location] | None:
        document = server.documents.open.get(params.text_document.uri)
        if document is None:
            return None
        made: list[types.Location] = []
        for place in server.documents.definition(document, server.offset(document, params.position)):
            own = place.of.file == document.file
            where = (
                server.range(document, place.start, place.end)
                if own
                else _range(Lines.of(place.of.text), place.start, place.end, server.encoding)
            )
            made.append(types.Location(document.uri if own else server.uri(place.of.file), where))
        return made or None

    @server.feature(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL)
    def symbols(params: types.DocumentSymbolParams) -> list[types.DocumentSymbol] | None:
        document = server.documents.open.get(params.text_document.uri)
        if document is None:
            return None
        return [server.symbol(document, each) for each in server.documents.outline(document)]

    @server.feature(types.TEXT_DOCUMENT_FORMATTING)
    def formatting(params: types.DocumentFormattingParams) -> list[types.TextEdit] | None:
        document = server.documents.open.get(params.text_document.uri)
        edit = server.documents.formatting(document) if document is not None else None
        return [server.edit(document, edit)] if document is not None and edit is not None else None

    kinds = [types.CodeActionKind.QuickFix, _FIX_ALL]

    @server.feature(types.TEXT_DOCUMENT_CODE_ACTION, types.CodeActionOptions(code_action_kinds=kinds))
    def code_action(params: types.CodeActionParams) -> list[types.CodeAction] | None:
        document = server.documents.open.get(params.text_document.uri)
        judgement = server.documents.judged.get(params.text_document.uri)
        if document is None or judgement is None or judgement.of is not document:
            return None  # the findings are of another text: their places are not known here
        only = params.context.only
        made: list[types.CodeAction] = []
        if _wanted(only, types.CodeActionKind.QuickFix.value):
            start = server.offset(document, params.range.start)
            end = server.offset(document, params.range.end)
            for each in actions(judgement.diagnosed, start, end):
                made.append(server.action(document, each, types.CodeActionKind.QuickFix.value))
        if only and _wanted(only, _FIX_ALL):
            root, buffers = server.documents.root(document), server.documents.buffers()
            whole = every_safe_fix(judgement.diagnosed, partial(again, document, root, buffers))
            if whole is not None:
                made.append(server.action(document, whole, _FIX_ALL))
        return made


def serve() -> None:
    """Serves one editor over standard input and output, until it says `exit` or goes away."""
    logging.basicConfig(stream=sys.stderr, level=logging.ERROR, format="govern lsp: %(message)s")
    server = GovernServer()
    # The server closes the stream it writes to; ours stays open, and what anybody else prints is no message.
    with os.fdopen(os.dup(sys.stdout.fileno()), "wb") as messages, redirect_stdout(sys.stderr):
        try:
            server.start_io(stdout=messages)
        finally:
            server.worker.shutdown(wait=False, cancel_futures=True)


def _judged(document: Document, root: str, buffers: dict[str, str]) -> Judgement | None:
    """Lints in the worker; None where that failed: it is logged, and the next text is linted as if nothing was."""
    try:
        return judge(document, root, buffers)
    except Exception:
        _LOG.exception("lint of %s failed", document.file)
        return None


def _bug() -> types.Diagnostic:
    message = "this is a bug of govern: the file could not be judged; the server's log has the cause"
    nowhere = types.Range(types.Position(0, 0), types.Position(0, 0))
    return types.Diagnostic(nowhere, message, types.DiagnosticSeverity.Error, source="govern")


def _roots(server: GovernServer) -> tuple[str, ...]:
    uris = [folder.uri for folder in server.workspace.folders.values()] or [server.workspace.root_uri or ""]
    return tuple(path for uri in uris if (path := _path(uri)) is not None)


def _path(uri: str) -> str | None:
    """Where a file is on disk, absolute and in its shortest form; None where the address is of no file."""
    path = to_fs_path(uri)
    return os.path.normpath(path) if path and os.path.isabs(path) and "\0" not in path else None


def _uri(path: str) -> str:
    return str(from_fs_path(path))


def _range(lines: Lines, start: int, end: int, encoding: Encoding) -> types.Range:
    first, last = lines.position(start, encoding), lines.position(max(start, end), encoding)
    return types.Range(types.Position(*first), types.Position(*last))


def _page(rule: str) -> types.CodeDescription | None:
    """The page of a rule, as a file of the installed package."""
    from importlib.resources import files

    for package, folder in (("govern.lint.rules", ""), ("govern.lint", "pages"), ("govern.charter", "pages")):
        place = files(package).joinpath(folder, f"{rule}.md") if folder else files(package).joinpath(f"{rule}.md")
        if place.is_file() and os.path.isfile(str(place)):
            return types.CodeDescription(_uri(str(place)))
    return None


def _is_unused(rule: str) -> bool:
    return rule.endswith("-unused") or rule == "unused-suppression"


def _wanted(only: Sequence[types.CodeActionKind | str] | None, kind: str) -> bool:
    """Whether a kind of action is asked for: itself, or a kind that it is one of."""
    asked = [str(getattr(each, "value", each)) for each in only or ()]
    return not asked or any(kind == each or kind.startswith(f"{each}.") for each in asked)
