"""manifest.json -> Project, for manifests v9 to v12 (dbt 1.5 to 2.0)."""

from __future__ import annotations

import gc
import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, cast

import msgspec

from pii_lint import files
from pii_lint.artifacts import configured, declared, shapes
from pii_lint.artifacts.compiled import CompiledFiles
from pii_lint.artifacts.envelope import MANIFEST, decode, metadata, moment, read, shown
from pii_lint.artifacts.keys import Keys, find_keys
from pii_lint.artifacts.model import Exposure, Node, Project, Sample
from pii_lint.artifacts.paths import from_root
from pii_lint.errors import ArtifactError

_RELATIONS = ("model", "seed", "snapshot", "source")
_KINDS = (*_RELATIONS, "operation", "function")


def load_manifest(path: Path) -> Project:
    """Read a manifest; compiled SQL that dbt left out is looked for in `compiled` beside it."""
    with _no_collection():
        return _load(path)


def load_sources(path: Path) -> tuple[Node, ...]:
    """Only the sources; for these any manifest will do, one without compiled SQL, too."""
    data = read(path, MANIFEST)
    head = metadata(data, path, MANIFEST)
    content = decode(data, shapes.Manifest, path, MANIFEST)
    entries = _entries(content)
    reader = Reader(path, head, _project_name(head, entries))
    sources = {key: node for key, node in entries.items() if node.resource_type == "source"}
    return tuple(reader.nodes(sources, _tests(content)).values())


@contextmanager
def _no_collection() -> Iterator[None]:
    """Millions of objects and no garbage among them: looking for some would double the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _load(path: Path) -> Project:
    data = read(path, MANIFEST)
    head = metadata(data, path, MANIFEST)
    if not head.adapter_type:
        raise ArtifactError(f"{shown(path)} names no adapter: {MANIFEST.remedy} with a profile.")
    sha256 = hashlib.sha256(data).hexdigest()
    content = decode(data, shapes.Manifest, path, MANIFEST)
    disabled, unit_tests = bytes(content.disabled), bytes(content.unit_tests)
    # a large file's text and what was read of it needn't be held at the same time
    content.disabled = content.unit_tests = msgspec.Raw()
    del data
    entries, tests, storing = _entries(content), _tests(content), _storing(content)
    content.nodes, content.sources, content.functions = {}, None, None
    name = _project_name(head, entries)
    reader = Reader(path, head, name)
    nodes = reader.nodes(entries, tests)
    _require_sql(nodes.values(), path)
    return Project(
        name=name,
        adapter_type=head.adapter_type.lower(),
        dbt_version=head.dbt_version or "",
        nodes=nodes,
        exposures=_uses(content, name),
        stored_tests=reader.stored(storing),
        samples=tuple(_samples(unit_tests, name)),
        macros={key: macro.macro_sql or "" for key, macro in (content.macros or {}).items()},
        macro_depends_on={
            key: _macros(macro.depends_on) for key, macro in (content.macros or {}).items()
        },
        macro_paths={
            key: from_root(macro.original_file_path, macro.package_name or name, name)
            for key, macro in (content.macros or {}).items()
            if macro.original_file_path
        },
        disabled_paths=_disabled(disabled, name),
        generated_at=moment(head.generated_at),
        invocation_id=head.invocation_id,
        target=target(path, head),
        sha256=sha256,
        compiled_apart=reader.searched,
    )


def _entries(content: shapes.Manifest) -> dict[str, shapes.Node]:
    """Everything that becomes a Node, by unique_id."""
    found: dict[str, shapes.Node] = {}
    for group in (content.sources, content.nodes, content.functions):
        for unique_id, node in (group or {}).items():
            node.resource_type = node.resource_type or unique_id.partition(".")[0]
            enabled = node.config is None or node.config.enabled is not False
            if enabled and node.resource_type in _KINDS:
                found[unique_id] = node
    return found


def _tests(content: shapes.Manifest) -> list[shapes.Node]:
    return [node for node in content.nodes.values() if node.resource_type == "test"]


def _storing(content: shapes.Manifest) -> dict[str, shapes.Node]:
    return {
        unique_id: node
        for unique_id, node in content.nodes.items()
        if node.resource_type == "test" and _stores(node.config)
    }


def _project_name(head: shapes.Metadata, entries: Mapping[str, shapes.Node]) -> str:
    """The root project. dbt 1.5 states only the digest of its name."""
    if head.project_name:
        return head.project_name
    packages = Counter(node.package_name for node in entries.values())
    for package in packages:
        digest = hashlib.md5(package.encode("utf-8", "replace"), usedforsecurity=False)
        if digest.hexdigest() == head.project_id:
            return package
    return packages.most_common(1)[0][0] if packages else ""


class Reader:
    """Turns manifest entries into Nodes."""

    def __init__(self, path: Path, head: shapes.Metadata, project: str) -> None:
        self._project = project
        self._rust = (head.dbt_version or "").startswith("2.")
        self._called: tuple[str, ...] = ()
        self._files = CompiledFiles(
            path.absolute().parent, moment(head.generated_at), rust=self._rust
        )

    @property
    def searched(self) -> bool:
        """True once compiled SQL was looked for in files."""
        return self._files.searched

    def nodes(
        self, entries: dict[str, shapes.Node], tests: Iterable[shapes.Node]
    ) -> dict[str, Node]:
        """The nodes; entries are let go one by one."""
        relations = {key: node for key, node in entries.items() if node.resource_type in _RELATIONS}
        self._called = tuple(configured.called_sources(relations.values()))
        keys = find_keys(relations, tests)
        del relations
        none = Keys()
        return {
            key: self.node(key, entries.pop(key), keys.get(key, none)) for key in tuple(entries)
        }

    def stored(self, tests: Mapping[str, shapes.Node]) -> dict[str, Node]:
        """Tests that keep their failing rows."""
        none = Keys()
        return {unique_id: self.node(unique_id, test, none) for unique_id, test in tests.items()}

    def node(self, unique_id: str, node: shapes.Node, keys: Keys) -> Node:
        """One entry as the rest of the package sees it."""
        config = node.config or shapes.NodeConfig()
        complete = any(
            contract is not None and contract.enforced
            for contract in (node.contract, config.contract)
        )
        sql, compiled_path = self._sql(node)
        return Node(
            unique_id=unique_id,
            resource_type=cast(
                Literal["source", "seed", "model", "snapshot", "operation", "function", "test"],
                node.resource_type,
            ),
            name=node.name,
            package=node.package_name,
            path=from_root(node.original_file_path, node.package_name, self._project),
            patch_path=self._patch_path(node),
            database=node.database,
            schema=node.schema,
            alias=node.identifier or node.alias or node.name,
            relation_name=node.relation_name,
            file=configured.file_of(node, config),
            materialized=config.materialized,
            strategy=config.incremental_strategy or config.strategy,
            language=node.language or _language(node.original_file_path),
            raw_code=node.raw_code,
            compiled_code=sql,
            compiled_path=compiled_path,
            columns=declared.columns(node, keys, complete=complete, copies=self._rust),
            columns_complete=complete,
            tags=declared.tag_set(node.tags, config.tags),
            meta=declared.merged(node.source_meta, config.meta, node.meta),
            group=node.group or config.group,
            access=node.access or config.access,
            depends_on=_nodes(node.depends_on),
            depends_on_macros=_macros(node.depends_on),
            checksum=_checksum(node.checksum),
            pre_hooks=_hooks(config.pre_hook) + _header(config.sql_header),
            post_hooks=_hooks(config.post_hook) + configured.statements(config),
            unique_key=_listed(config.unique_key),
            updated_at=config.updated_at,
            check_columns=_listed(config.check_cols),
            meta_columns=configured.meta_columns(config)
            if node.resource_type == "snapshot"
            else {},
            on_schema_change=config.on_schema_change,
            refreshable=config.full_refresh is not False,
            persist_docs=any(bool(value) for value in (config.persist_docs or {}).values()),
            persisted=tuple(_persisted(node, config.persist_docs or {})),
            grants=_grants(config.grants),
            arguments=tuple(argument.name or "" for argument in node.arguments or ()),
            injected_ctes=tuple(cte.sql for cte in node.extra_ctes or () if cte.sql),
        )

    def _patch_path(self, node: shapes.Node) -> str | None:
        """dbt writes `package://path`."""
        package, mark, path = (node.patch_path or "").rpartition("://")
        return from_root(path, package if mark else node.package_name, self._project) or None

    def _sql(self, node: shapes.Node) -> tuple[str | None, str | None]:
        if node.resource_type in ("source", "seed"):
            return None, None
        if node.compiled_code is not None and (node.compiled_code.strip() or node.compiled):
            path = self._files.path(node) if node.compiled_path else None
            return configured.by_name(node.compiled_code, self._called), path
        if found := self._files.find(node):
            return configured.by_name(found[1], self._called), found[0]
        return None, None


def _require_sql(nodes: Iterable[Node], path: Path) -> None:
    """An ephemeral model needs none of its own: dbt writes it into those that read it."""
    queries = [
        node
        for node in nodes
        if node.resource_type in ("model", "snapshot")
        and node.language == "sql"
        and node.materialized != "ephemeral"
    ]
    bare = [node for node in queries if node.compiled_code is None]
    if len(bare) * 2 > len(queries):
        raise ArtifactError(
            f"{shown(path)} lacks the compiled SQL of {len(bare)} of {len(queries)} "
            "models and snapshots (dbt ls, dbt parse, dbt test and whatever is given --select "
            f"write such a manifest): {MANIFEST.remedy}."
        )


def _uses(content: shapes.Manifest, project: str) -> dict[str, Exposure]:
    """Exposures, and what the semantic layer makes of models; each depends on relations only."""
    groups = (
        ("exposure", content.exposures),
        ("metric", content.metrics),
        ("semantic_model", content.semantic_models),
        ("saved_query", content.saved_queries),
    )
    uses = {
        key: (kind, use)
        for kind, group in groups
        for key, use in (group or {}).items()
        if use.config is None or use.config.enabled is not False
    }
    by_key = {key: use for key, (_, use) in uses.items()}
    return {
        key: Exposure(
            unique_id=key,
            name=use.name,
            type=(use.type or kind) if kind == "exposure" else kind,
            path=from_root(use.original_file_path, use.package_name, project),
            depends_on=_relations(key, by_key),
            meta=declared.merged(use.config.meta if use.config else None, use.meta),
            tags=declared.tag_set(use.tags, use.config.tags if use.config else None),
            owner=_owner(use.owner),
        )
        for key, (kind, use) in uses.items()
    }


def _relations(key: str, uses: Mapping[str, shapes.Use]) -> tuple[str, ...]:
    """The relations below: a saved query stands on metrics, those on semantic models and so on."""
    found: set[str] = set()
    seen: set[str] = set()
    waiting = [key]
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        if name in uses:
            waiting.extend(_nodes(uses[name].depends_on))
        else:
            found.add(name)
    return tuple(sorted(found))


def _owner(owner: shapes.Owner | None) -> str | None:
    if owner is None:
        return None
    return owner.name or ", ".join(_listed(owner.email)) or None


def _disabled(raw: bytes, project: str) -> frozenset[str]:
    try:
        groups = msgspec.json.decode(raw, type=dict[str, list[shapes.Placed] | None])
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return frozenset()
    return frozenset(
        from_root(entry.original_file_path, entry.package_name or project, project)
        for group in groups.values()
        for entry in group or ()
    )


def target(path: Path, head: shapes.Metadata) -> str | None:
    """The target's name, if the run that wrote this manifest was told one on its command line."""
    try:
        results = msgspec.json.decode(
            files.read(path.with_name("run_results.json")), type=shapes.RunResults
        )
    except (OSError, msgspec.MsgspecError, ValueError, RecursionError):
        return None
    same = results.metadata.invocation_id == head.invocation_id is not None
    return results.args.target if same else None


def _language(path: str | None) -> str:
    return "python" if (path or "").endswith(".py") else "sql"


def _checksum(checksum: shapes.Checksum | str | None) -> str | None:
    """The digest of the file's content; dbt only notes the path of large seeds."""
    if isinstance(checksum, str):
        return checksum or None
    if checksum is None or (checksum.name or "").lower() != "sha256":
        return None
    return checksum.checksum or None


def _header(sql: str | None) -> tuple[str, ...]:
    return (sql,) if sql else ()


def _hooks(hooks: shapes.Hooks) -> tuple[str, ...]:
    listed = hooks if isinstance(hooks, list) else [hooks] if hooks is not None else []
    texts = [hook if isinstance(hook, str) else hook.sql for hook in listed]
    return tuple(text for text in texts if text and text.strip())


def _persisted(node: shapes.Node, persist: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    if persist.get("relation") and node.description:
        yield "", node.description
    for name, column in (node.columns or {}).items() if persist.get("columns") else ():
        if column.description:
            yield column.name or name, column.description


def _stores(config: shapes.NodeConfig | None) -> bool:
    """True for a test whose failing rows stay in the warehouse."""
    if config is None or config.enabled is False:
        return False
    kept_as = (config.store_failures_as or "").lower()
    return kept_as in ("table", "view") or (bool(config.store_failures) and not kept_as)


def _samples(raw: bytes, project: str) -> Iterator[Sample]:
    try:
        tests = msgspec.json.decode(raw, type=dict[str, shapes.UnitTest] | None)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return
    for unique_id, test in (tests or {}).items():
        path = from_root(test.original_file_path, test.package_name, project)
        parts: list[tuple[Literal["fixture", "expectation"], object]] = [
            ("fixture", [given.rows for given in test.given or ()]),
            ("expectation", test.expect.rows if test.expect else None),
        ]
        for part, rows in parts:
            yield Sample(unique_id, path, part, "\n".join(_words(rows)))


def _words(rows: object) -> Iterator[str]:
    """Every value in rows, however they are written."""
    waiting = [rows]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            waiting += each.values()
        elif isinstance(each, list):
            waiting += each
        elif isinstance(each, str | int):
            yield str(each)


def _grants(grants: Mapping[str, object] | None) -> dict[str, tuple[str, ...]]:
    """Who may do what; dbt lets a single role stand without its list."""
    found: dict[str, tuple[str, ...]] = {}
    for privilege, roles in (grants or {}).items():
        named = roles if isinstance(roles, list) else [roles]
        found[privilege.lstrip("+")] = tuple(str(role) for role in named if role)
    return found


def _listed(value: list[str] | str | None) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value or ())


def _nodes(depends: shapes.Depends | None) -> tuple[str, ...]:
    return tuple((depends.nodes if depends else None) or ())


def _macros(depends: shapes.Depends | None) -> tuple[str, ...]:
    return tuple((depends.macros if depends else None) or ())
