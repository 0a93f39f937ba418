"""What some columns reach."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from pii_lint.config import Config
from pii_lint.config.model import LabelSpec
from pii_lint.options import Options
from pii_lint.pipeline.gathering import gather_linked, inputs, linked, notes
from pii_lint.propagation.declared import UNNAMED_KIND
from pii_lint.reports.lookup import find_column
from pii_lint.reports.radius import BlastRadius, is_personal, radius
from pii_lint.reports.radius_questions import questions
from pii_lint.rules import Facts


def blast_radius(
    options: Options,
    asked: Iterable[str],
    subjects: Sequence[str] = (),
    countries: Sequence[str] = (),
) -> BlastRadius:
    """Say what the columns reach; each is asked for as MODEL.COLUMN. `subjects` and `countries` are
    columns by which a warehouse can tell people apart, and where they live."""
    facts, origins = gather_linked(options)
    columns = tuple(dict.fromkeys(find_column(facts, one) for one in asked))
    untagged = [at for at in columns if not is_personal(facts, *at)]
    if untagged:
        # whoever asks for its reach has a reason to think otherwise
        config = _as_if_personal(facts, untagged)
        facts, origins = linked(facts.projects, config, facts.project_dir, options)
    told = radius(facts, origins, columns, untagged, inputs(facts), notes(facts))
    return replace(told, questions=questions(facts, origins, told, subjects, countries))


def _as_if_personal(facts: Facts, columns: Iterable[tuple[str, str]]) -> Config:
    labels = {uid: dict(specs) for uid, specs in facts.config.labels.items()}
    for uid, column in columns:
        guess = facts.registry.guess(column)
        kind = guess[0] if guess else facts.registry.resolve(UNNAMED_KIND)
        held = facts.inventory.relations[uid].columns.get(column)
        labels.setdefault(uid, {})[held.name if held else column] = LabelSpec(kind)
    return replace(facts.config, labels=labels)
