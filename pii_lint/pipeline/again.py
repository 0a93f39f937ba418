"""A project that is judged again and again in one process: what nothing new flows into stays
judged as it was."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from pii_lint import files
from pii_lint.artifacts.load import MANIFEST, RUN_RESULTS
from pii_lint.artifacts.rereading import Rereader
from pii_lint.findings import Finding
from pii_lint.options import Options
from pii_lint.pipeline.gathering import gather_linked, refuse_nothing_to_guard
from pii_lint.propagation.link import Origins
from pii_lint.rules import RULES, Facts, judge

_NEAR = tuple(rule for rule in RULES if rule.upstream)
_FAR = tuple(rule for rule in RULES if not rule.upstream)
_CODES = frozenset(rule.code for rule in _NEAR)


@dataclass(frozen=True, slots=True)
class Judged:
    """One look at the project."""

    facts: Facts
    origins: Origins
    findings: tuple[Finding, ...]
    # in no order, nothing suppressed yet
    answers: files.Answers
    # what every file said that it was made of
    whole: bool
    # everything was judged anew


class Again:
    """Judges one project whenever it is asked to, as `check` would."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._manifests = Rereader()
        self._last: Judged | None = None

    def judge(self) -> Judged:
        """Look at the files as they are now. Raises what `gather` raises, and forgets nothing
        then."""
        last = self._last
        with files.noting() as answers:
            facts, origins = gather_linked(
                self._options, self._manifests.load, (last.facts, last.origins) if last else None
            )
            facts = replace(facts, persona=self._options.persona)
            refuse_nothing_to_guard(facts)
            known = files.asked_again(last.answers, answers) if last else {}
            stirred = _stirred(facts, last, known) if last else None
            if last is None or stirred is None:
                found = tuple(judge(facts))
            else:
                found = tuple(_judged_again(facts, last, stirred))
                answers.update(known)
        self._last = Judged(facts, origins, found, answers, whole=stirred is None)
        return self._last


def _judged_again(facts: Facts, last: Judged, stirred: frozenset[str]) -> Iterable[Finding]:
    kept = (
        finding
        for finding in last.findings
        if finding.code in _CODES
        and finding.node not in stirred
        and (finding.node in facts.nodes or finding.node in facts.exposures)
    )
    far = judge(facts, _FAR)
    near = judge(facts.about(stirred), _NEAR)
    return {finding.id: finding for finding in (*kept, *near, *far)}.values()


def _stirred(facts: Facts, last: Judged, answers: files.Answers) -> frozenset[str] | None:
    """The relations and exposures of which a finding may have changed; None where it may be any."""
    before = last.facts
    if _shared(facts) != _shared(before):
        return None
    changed = _changed_files(facts, last, answers)
    if changed is None:
        return None
    stirred = {
        uid
        for uid, node in facts.nodes.items()
        if node is not before.nodes.get(uid)
        or facts.inventory.relations[uid] is not before.inventory.relations.get(uid)
        or node.path in changed
        or node.patch_path in changed
        or node.compiled_path in changed
    }
    asked = {
        opened.node
        for uid in stirred
        for relation in (before.inventory.relations.get(uid), facts.inventory.relations[uid])
        for opened in (relation.opened if relation is not None else ())
    }
    _add_below(facts, stirred)
    stirred |= asked & facts.nodes.keys()
    for uid, exposure in facts.exposures.items():
        said = exposure != before.exposures.get(uid) or exposure.path in changed
        if said or not stirred.isdisjoint(exposure.depends_on):
            stirred.add(uid)
    return frozenset(stirred)


def _shared(facts: Facts) -> tuple[object, ...]:
    """What a rule may ask whichever relation it judges."""
    return facts.config, facts.today, facts.sightings, facts.project_dir, facts.ignored_codes


def _changed_files(facts: Facts, last: Judged, answers: files.Answers) -> frozenset[str] | None:
    """From the project's root; None where one of them is nobody's own."""
    folder = facts.project_dir
    if folder is None or len(facts.projects) != 1:
        return None
    paths = {
        Path(asked.partition(" ")[2])
        for asked, said in last.answers.items()
        if answers[asked] != said
    }
    paths -= {folder / MANIFEST, folder / RUN_RESULTS}
    if not all(path.is_relative_to(folder) for path in paths):
        return None
    changed = frozenset(path.relative_to(folder).as_posix() for path in paths)
    owned = {
        path
        for node in facts.nodes.values()
        for path in (node.path, node.patch_path, node.compiled_path)
    }
    owned.update(exposure.path for exposure in facts.exposures.values())
    return changed if changed <= owned else None


def _add_below(facts: Facts, stirred: set[str]) -> None:
    """All that is made of something stirred is stirred too."""
    readers: dict[str, list[str]] = {}
    for uid, node in facts.nodes.items():
        relation = facts.inventory.relations[uid]
        for read in {*node.depends_on, *relation.reads, *relation.hooked}:
            readers.setdefault(read, []).append(uid)
    waiting = list(stirred)
    while waiting:
        for reader in readers.get(waiting.pop(), ()):
            if reader not in stirred:
                stirred.add(reader)
                waiting.append(reader)
