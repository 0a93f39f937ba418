"""The whole of `verify`: a scratch copy, trials, canaries, evidence."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import TemporaryDirectory

from pii_lint.errors import ConfigError
from pii_lint.evidence.building import BuildFailed
from pii_lint.evidence.canaries import Canaries, finds
from pii_lint.evidence.commit import commit
from pii_lint.evidence.noninterference import Trials, by_kind, columns, trials
from pii_lint.evidence.record import ColumnEvidence, Evidence, Verdict
from pii_lint.evidence.scratch import Scratch
from pii_lint.foretold import Prediction
from pii_lint.warehouse.profile import Target


def verify(
    project_dir: Path,
    target: Target,
    prediction: Prediction,
    *,
    plant: bool = True,
    variables: str | None = None,
    told: Callable[[str], object] = str,
) -> Evidence:
    """Hold what the labels foretell against what a build really does.

    `variables` is what dbt's --vars takes.
    Raises `ConfigError` where the warehouse isn't there or can't be built as it is.
    """
    with TemporaryDirectory(prefix="pii-lint-verify-") as folder:
        scratch = Scratch(Path(folder), project_dir, target, prediction.given.values(), variables)
        try:
            found = trials(scratch, prediction, told)
            planted, hits = _planted(scratch, prediction, found) if plant else (None, ())
        except BuildFailed as broken:
            raise ConfigError(
                f"dbt could not build {broken.where} in a scratch copy of the warehouse: mend what "
                "`dbt build --full-refresh` says of it first."
            ) from None
    return Evidence(
        commit=commit(project_dir),
        manifest=prediction.manifest,
        policy=prediction.policy,
        dbt=_version("dbt-core"),
        duckdb=_version("duckdb"),
        kinds=tuple(found.kinds),
        rows=tuple((one.name, found.rows[one.node]) for one in found.safe),
        columns=_together(columns(found), hits),
        canaries=planted,
        missing=tuple(one.name for one in found.safe if not found.there[one.node]),
    )


def _planted(
    scratch: Scratch, prediction: Prediction, found: Trials
) -> tuple[int, tuple[ColumnEvidence, ...]]:
    file, planted = scratch.planted("planted", prediction.given, by_kind(prediction.places))
    scratch.build(file)
    canaries = Canaries(planted)
    return canaries.count, tuple(finds(file, found.safe, canaries))


def _together(
    moved: Iterable[ColumnEvidence], hits: Iterable[ColumnEvidence]
) -> tuple[ColumnEvidence, ...]:
    """One line a column: a canary found outweighs a column that seemed still."""
    by_name = {(one.relation, one.column): one for one in moved}
    for hit in hits:
        known = by_name.get((hit.relation, hit.column))
        if known is None or not (known.verdict.fails or known.verdict is Verdict.EXCUSED):
            by_name[hit.relation, hit.column] = hit
    return tuple(by_name[key] for key in sorted(by_name))


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "unknown"
