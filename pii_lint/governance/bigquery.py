"""BigQuery: data policies on columns, or policy tags through dbt; grants by IAM role.

Shapes as documented under docs.cloud.google.com/bigquery/docs: column-data-masking (`create
data_policy`, `grant fine_grained_read`, `data_policies` of a column), data-definition-language
(`alter column set options`), data-control-language (`grant ... on table`). A column takes data
policies or policy tags, never both. The predefined digest has no key, so what isn't shown is null.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from pii_lint.data.registry import CLASSIFICATIONS
from pii_lint.errors import ConfigError
from pii_lint.governance import masks
from pii_lint.governance.names import Names
from pii_lint.governed import SECRET_MASK, Access, GovernedColumn, GovernedRelation

NAMES = Names(mark="`", escape="", banned="`\\\n\r")
_READER = "roles/bigquery.dataViewer"
_PRINCIPAL = re.compile(r"(?P<sort>user|group|serviceAccount|domain):(?P<name>[^\s\"'\\]+)")
_EVERYBODY = ("allUsers", "allAuthenticatedUsers")
_IDENTITIES = {
    "user": "principal://goog/subject/{}",
    "group": "principalSet://goog/group/{}",
    "serviceAccount": "principal://iam.googleapis.com/projects/-/serviceAccounts/{}",
}
_POLICY_TAG = re.compile(
    r"projects/[^/\s]+/locations/[^/\s]+/taxonomies/[^/\s]+/policyTags/[^/\s]+"
)
_KINDS = ("clear", "masked")
_LOCATION = re.compile(r"[a-z][a-z0-9-]*")
OWN = frozenset(
    {
        _READER.lower(),
        *(f"pii_{mask}_{kind}" for mask in (*CLASSIFICATIONS, SECRET_MASK) for kind in _KINDS),
    }
)


def ddl(access: Access, location: str = "us") -> str:
    """SQL that may run again at any time."""
    masks.demand_builder(access)
    if not _LOCATION.fullmatch(location):
        raise ConfigError(
            f"`{location}` is no location of BigQuery: give one such as us or europe-west3."
        )
    return "\n".join(_statements(access, location))


def _statements(access: Access, location: str) -> Iterator[str]:
    for role in (*access.roles, *access.builders):
        _demand_principal(role)
    for relation in access.relations:
        masks.demand_database(relation)
    yield "-- Written by `pii-lint govern ddl --dialect bigquery`; don't edit, generate it again."
    yield ""
    yield from _policies(access, location)
    yield "-- What each column is, what hides it from whoever isn't cleared, and who reads."
    for relation in access.relations:
        yield from of_relation(access, relation, location)
        yield ""


def of_relation(access: Access, relation: GovernedRelation, location: str = "us") -> Iterator[str]:
    """What `create or replace` loses of one relation."""
    for column in relation.columns:
        yield from _column(relation, column, location)
    yield from _readers(access, relation)


def _policies(access: Access, location: str) -> Iterator[str]:
    """Two for each clearance: one shows the value, one shows null."""
    yield "-- Who sees which class clear; the other readers see null."
    asked = {(_project(relation), mask) for relation, _, mask in masks.masked(access)}
    for project, mask in sorted(asked):
        clear, hidden = (_policy(project, location, mask, kind) for kind in _KINDS)
        seers = {*masks.seers(access, mask)}
        others = {*access.roles, *access.builders} - seers
        yield f"create data_policy if not exists `{clear}`"
        yield '    options (data_policy_type = "RAW_DATA_ACCESS_POLICY");'
        yield f"create data_policy if not exists `{hidden}`"
        yield "    options ("
        yield '        data_policy_type = "DATA_MASKING_POLICY",'
        yield '        masking_expression = "ALWAYS_NULL"'
        yield "    );"
        for verb, preposition, policy, who in (
            ("revoke", "from", clear, others),
            ("grant", "to", clear, seers),
            ("grant", "to", hidden, others),
        ):
            known = sorted(filter(None, map(_identity, who)))
            if known:
                listed = ", ".join(map(_text, known))
                yield f"{verb} fine_grained_read on data_policy `{policy}` {preposition} {listed};"
    yield ""


def _column(relation: GovernedRelation, column: GovernedColumn, location: str) -> Iterator[str]:
    sort = "view" if relation.view else "table"
    alter = f"alter {sort} {NAMES.relation(relation)} alter column {NAMES.column(column)}"
    options: list[str] = []
    if column.classification is not None:
        told = f"pii:{column.classification} {', '.join(column.kinds)} ({column.form})"
        if column.description:
            told += f"\n{column.description}"
        options.append(f"description = {_text(told)}")
    # a view shows what its tables show to whoever asks
    if not relation.view:
        names = [
            "{'name':'" + _policy(_project(relation), location, column.mask, kind) + "'}"
            for kind in _KINDS
            if column.mask is not None
        ]
        options.append(f"data_policies = [{', '.join(map(_text, names))}]")
    if options:
        yield f"{alter} set options ({', '.join(options)});"


def _readers(access: Access, relation: GovernedRelation) -> Iterator[str]:
    sort = "view" if relation.view else "table"
    name = f"{sort} {NAMES.relation(relation)}"
    readers = set(relation.readers)
    others = {*_EVERYBODY, *access.roles} - readers - set(access.builders)
    yield f"revoke `{_READER}` on {name} from {', '.join(map(_member, sorted(others)))};"
    if readers:
        yield f"grant `{_READER}` on {name} to {', '.join(map(_member, sorted(readers)))};"


def policy_tags(access: Access, tags: Mapping[str, str]) -> str:
    """dbt's properties, by which it sets a policy tag with every build; sources it leaves alone."""
    for word, path in tags.items():
        if word not in CLASSIFICATIONS or not _POLICY_TAG.fullmatch(path):
            raise ConfigError(
                f"`{word}={path}` is no policy tag of a class: give for instance "
                "confidential=projects/acme/locations/us/taxonomies/123/policyTags/456."
            )
    sections: dict[str, list[str]] = {}
    for relation in access.relations:
        sort, _, _ = relation.node.partition(".")
        columns = [column for column in relation.columns if column.mask in CLASSIFICATIONS]
        if sort == "source" or relation.view or not columns:
            continue
        lines = sections.setdefault(f"{sort}s", [])
        lines.append(f"  - name: {json.dumps(relation.node.split('.')[2], ensure_ascii=False)}")
        lines.append("    config: {persist_docs: {columns: true}}")
        lines.append("    columns:")
        for column in columns:
            word = str(column.mask)
            if word not in tags:
                raise ConfigError(
                    f"{relation.node}.{column.name} is {word}, and no policy tag stands for that: "
                    f"give --policy-tag {word}=projects/... as well."
                )
            lines.append(f"      - name: {json.dumps(column.name, ensure_ascii=False)}")
            lines.append(f"        policy_tags: [{json.dumps(tags[word])}]")
    told = ["# Written by `pii-lint govern ddl`: merge it into the properties of your models."]
    for section in sorted(sections):
        told += [f"{section}:", *sections[section]]
    return "\n".join(told) + "\n"


def access_log(access: Access, location: str = "us") -> str:
    """Who read a relation with personal columns, by the project's own record."""
    personal = sorted({NAMES.path(relation) for relation, _, _ in masks.classified(access)})
    rows = ",\n".join(f"    ({', '.join(map(_text, path))})" for path in personal)
    return f"""\
-- The record names tables; the columns of a read stand in Cloud Audit Logs (BigQueryAuditMetadata,
-- `tableDataRead.fields`), where data access logs are kept.
select
    jobs.creation_time,
    jobs.user_email,
    read.project_id,
    read.dataset_id,
    read.table_id,
    jobs.job_id
from `region-{location}`.INFORMATION_SCHEMA.JOBS as jobs
cross join unnest(jobs.referenced_tables) as read
where (read.project_id, read.dataset_id, read.table_id) in (
{rows}
)
order by jobs.creation_time desc, jobs.job_id, read.dataset_id, read.table_id;
"""


def _policy(project: str, location: str, mask: str | None, kind: str) -> str:
    return f"{project}.region-{location}.pii_{mask}_{kind}"


def _project(relation: GovernedRelation) -> str:
    name = relation.database or ""
    # it stands within a text that is within a text
    if not re.fullmatch(r"[A-Za-z0-9_.:-]+", name):
        raise ConfigError(f"{name!r} is no project of Google Cloud: compile for BigQuery.")
    return name


def _demand_principal(role: str) -> None:
    if role not in _EVERYBODY and not _PRINCIPAL.fullmatch(role):
        raise ConfigError(
            f"`{role}` is no principal of Google Cloud: write roles and grants as group:..., "
            "user:... or serviceAccount:..., as BigQuery's grants take them."
        )


def _identity(role: str) -> str | None:
    """A principal as data policies call it; they know no domains."""
    if role == "allUsers":
        return "principalSet://goog/public:all"
    found = _PRINCIPAL.fullmatch(role)
    if found is None or found["sort"] not in _IDENTITIES:
        return None
    return _IDENTITIES[found["sort"]].format(found["name"])


def _member(role: str) -> str:
    return _text(f"specialGroup:{role}" if role in _EVERYBODY else role)


def _text(value: str) -> str:
    """A string literal, whose escapes are those of JSON."""
    return json.dumps(value, ensure_ascii=False)
