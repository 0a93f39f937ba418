"""A blast radius as an incident report to fill in: what lineage knows stands there already."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from pii_lint.counts import Counts
from pii_lint.data.registry import strictest
from pii_lint.findings import Step
from pii_lint.reports._counted import (
    HEADINGS,
    called,
    counts_of,
    number,
    reasons,
    rows,
)
from pii_lint.reports._markup import cell, code, prose
from pii_lint.reports._summary import inputs
from pii_lint.reports._words import form_of, many, place, short_name, signed
from pii_lint.reports.letters import BLANK, letter
from pii_lint.reports.radius import Arrived, BlastRadius, ReachedUse, holds
from pii_lint.reports.radius_questions import ALL_EXPORTS

_CONTROLS = (
    "No `select *` in staging: STG001 of `pii-lint check` in CI.",
    "Personal columns are registered at the source, and reviewers look at what is downstream.",
    "No personal data in the safe marts: `pii-lint check` on each pull request blocks the merge.",
    "Whoever isn't cleared for it can't read restricted marts, in the BI tool neither.",
    "Each new destination of an export needs a sign-off: PII004.",
)


def markdown(told: BlastRadius) -> str:
    """What happened, timeline, exposure, kinds, recipients, notice and letters, in the order in
    which they are asked for."""
    blocks = [
        _head(told),
        _happened(told),
        _first(told),
        _timeline(told),
        _exposure(told),
        _kinds(told),
        _recipients(told),
        _people(told),
        _notice(told),
        _letters(told),
        _mending(told),
        _limits(told),
    ]
    return "\n\n".join("\n".join(block) for block in map(list, blocks) if block) + "\n"


def _head(told: BlastRadius) -> Iterator[str]:
    yield (
        f"# Incident report: personal data in {many(len(told.marts), 'mart')} and "
        f"{many(len(told.exports), 'export')}"
    )
    yield ""
    yield f"A draft made from column lineage. {BLANK} is for people to fill in."
    yield ""
    yield f"- Severity: {BLANK}"
    yield f"- Found on {BLANK} by {BLANK}; response led by {BLANK}"
    asked = ", ".join(code(_name(one.node, one.column)) for one in told.asked)
    yield f"- Columns: {asked}"


def _happened(told: BlastRadius) -> Iterator[str]:
    """The paragraph that everybody reads, and most read nothing else of."""
    held = [one for one in _all(told) if one.value]
    kinds = sorted({one.flow.kind for one in held})
    yield from ("## What happened", "")
    if not kinds:
        yield "No personal value went on" + (", as far as was seen." if told.unseen else ".")
        return
    worst = strictest(one.classification for one in held if one.classification)
    sort = f", the worst of it **{worst}**," if worst else ""
    yield f"Personal data of {_tables(told)}{sort} went on:"
    yield ""
    for kind in kinds:
        yield f"- {_meaning(told, kind)}"
    yield ""
    marts = ", ".join(code(short_name(mart.node)) for mart in told.marts)
    if marts:
        yield f"Whoever reads {marts} could read it."
        yield ""
    if told.exports:
        yield f"It was handed out to {', '.join(map(code, _names(told.exports)))}{_exported(told)}."
        yield ""
    begin = next(iter(_entries(told)), None)
    if begin is not None:
        by = f" by {code(begin.expression)}" if begin.expression else ""
        at = f" at {code(place(begin.location))}" if begin.location else ""
        yield f"It began in {code(short_name(begin.node))}{by}{at}."


def _tables(told: BlastRadius) -> str:
    return ", ".join(dict.fromkeys(code(short_name(one.node)) for one in told.asked))


def _exported(told: BlastRadius) -> str:
    total = counts_of(told, ALL_EXPORTS)
    if total is None or total.rows is None:
        return ""
    kinds = f" ({_with_kinds(total)})" if total.kinds else ""
    said = f": {many(total.rows, 'record')}{kinds}, of {number(total.subjects)} distinct people"
    lives = total.residence
    if lives is not None:
        said += f", {lives.eu + lives.eea} of them in the EU or EEA and {lives.uk} in the UK"
    return said


def _with_kinds(counts: Counts) -> str:
    return ", ".join(f"{count} with {code(kind)}" for kind, count in sorted(counts.kinds.items()))


def _meaning(told: BlastRadius, kind: str) -> str:
    meant = told.meanings.get(kind)
    return f"{code(kind)}: {prose(meant[0].lower() + meant[1:])}" if meant else code(kind)


def _first(told: BlastRadius) -> Iterator[str]:
    """What can't wait."""
    yield from ("## First of all", "")
    for use in told.exports:
        to = f", to {code(use.recipient)}"
        yield f"- [ ] The next run of {code(short_name(use.node))}{to} is stopped"
    for mart in told.marts:
        yield f"- [ ] {code(short_name(mart.node))} is closed to its readers until it is mended"
    yield f"- [ ] Logs of who read and who exported are kept safe: {BLANK}"


def _timeline(told: BlastRadius) -> Iterator[str]:
    yield from ("## Timeline", "", "| when | what |", "|---|---|")
    for node in dict.fromkeys(one.node for one in told.asked):
        yield f"| {BLANK} | {cell(short_name(node))} began to hold the data |"
    for step in _entries(told):
        where = f", {cell(place(step.location))}" if step.location else ""
        by = f" by {cell(step.expression)}" if step.expression else ""
        yield f"| {BLANK} | {cell(short_name(step.node))} took it{by}{where} |"
    for use in told.uses:
        through = ", ".join(cell(short_name(node)) for node in use.takes)
        yield f"| {BLANK} | {cell(short_name(use.node))} attached to {through} |"
    dated = sorted((use.first_run, use.node, use) for use in told.uses if use.first_run)
    for when, node, use in dated:
        yield f"| {cell(when)} | first run of {cell(short_name(node))}, to {cell(use.recipient)} |"
    yield f"| {BLANK} | found by {BLANK} |"
    yield f"| {BLANK} | **aware**: the 72 hours begin |"
    yield f"| {BLANK} | response begins, flow stopped |"


def _entries(told: BlastRadius) -> Iterable[Step]:
    """The first expression by which each relation took something, nearest to the source first."""
    found: dict[str, tuple[int, Step]] = {}
    for relation in told.relations:
        for one in relation.arrived if holds(relation.arrived) else ():
            for depth, step in enumerate(one.flow.steps):
                known = found.get(step.node)
                if depth and (known is None or depth < known[0]):
                    found[step.node] = (depth, step)
    return [step for _, step in sorted(found.values(), key=lambda item: (item[0], item[1].node))]


def _exposure(told: BlastRadius) -> Iterator[str]:
    yield from ("## Exposure", "")
    if not told.relations:
        yield "No relation takes anything of it" + (", as far as was seen." if told.unseen else ".")
        return
    yield from ("| relation | zone | holds | rows | people |", "|---|---|---|---|---|")
    for relation in told.relations:
        counts = counts_of(told, relation.node)
        numbers = (number(counts.rows), number(counts.subjects)) if counts else ("", "")
        cells = (
            cell(short_name(relation.node)) + (" (mart)" if relation.mart else ""),
            cell(relation.zone or ""),
            _holds(relation.arrived),
            *numbers,
        )
        yield f"| {' | '.join(cells)} |"
    for mart in told.marts:
        yield from ("", f"### The way to {code(short_name(mart.node))}")
        for together in _alike(mart.arrived):
            heads = dict.fromkeys(
                f"{code(one.flow.kind)}, {form_of(one.flow.form, one.flow.clause)}"
                for one in together
            )
            yield from ("", f"{'; '.join(heads)}:", "")
            for count, steps in enumerate(_abreast(together), 1):
                yield f"{count}. {_hop(steps)}"


def _alike(arrived: Iterable[Arrived]) -> Iterable[list[Arrived]]:
    """Those that went the same way, by the same expressions."""
    found: dict[tuple[object, ...], list[Arrived]] = {}
    for one in arrived:
        # a source's columns stand in lines of their own, and came in together
        way = [(s.node, s.op, s.form, s.expression, s.location) for s in one.flow.steps[1:]]
        begin = tuple((s.node, s.op, s.form) for s in one.flow.steps[:1])
        found.setdefault((begin, *way), []).append(one)
    return found.values()


def _abreast(together: Iterable[Arrived]) -> Iterable[tuple[Step, ...]]:
    return zip(*(one.flow.steps for one in together), strict=True)


def _hop(steps: Sequence[Step]) -> str:
    step = steps[0]
    columns = dict.fromkeys(code(_name(one.node, one.column)) for one in steps)
    places = dict.fromkeys(code(place(one.location)) for one in steps)
    said = [", ".join(columns), f"{step.op}, {step.form}"]
    said += [code(step.expression)] if step.expression else []
    return " · ".join((*said, ", ".join(places)))


def _kinds(told: BlastRadius) -> Iterator[str]:
    worst: dict[str, dict[str, None]] = {}
    classes: dict[str, str] = {}
    for one in _all(told):
        worst.setdefault(one.flow.kind, {})[one.flow.form] = None
        classes[one.flow.kind] = one.classification or ""
    if not worst:
        return
    yield from ("## Kinds", "", "| kind | class | forms |", "|---|---|---|")
    for kind, forms in sorted(worst.items()):
        yield f"| {cell(kind)} | {cell(classes[kind])} | {', '.join(sorted(forms))} |"


def _all(told: BlastRadius) -> Iterator[Arrived]:
    for relation in told.relations:
        yield from relation.arrived
    for use in told.uses:
        yield from use.arrived


def _recipients(told: BlastRadius) -> Iterator[str]:
    yield from ("## Recipients", "")
    if not told.uses:
        yield "No dashboard or export is declared on what it reaches; others may read it."
    else:
        yield (
            "| recipient | use | holds | first run | records stated | rows now | people now "
            "| sign-off |"
        )
        yield "|---|---|---|---|---|---|---|---|"
    for use in told.uses:
        counts = counts_of(told, use.node)
        now = number(counts.rows) if counts else ""
        if counts and counts.kinds:
            now += f" ({_with_kinds(counts)})"
        cells = (
            cell(use.recipient),
            cell(short_name(use.node)) + ("" if use.export else " (inside)"),
            _holds(use.arrived),
            cell(use.first_run or "") or BLANK,
            cell(use.records or "") or BLANK,
            now,
            number(counts.subjects) if counts else "",
            cell(signed(use.sign_off)) if use.sign_off else "none",
        )
        yield f"| {' | '.join(cells)} |"
    for mart in told.marts:
        if mart.zone == "export":
            yield ""
            yield f"- {code(short_name(mart.node))} is made to be handed out; to whom: {BLANK}"
    for one in told.past_dbt:
        what = ", ".join((*one.kinds, *one.forms)) or "what can't be followed"
        yield ""
        yield f"- Past dbt: {code(one.by)} writes to {code(one.target)}: {prose(what)}"


def _people(told: BlastRadius) -> Iterator[str]:
    if told.counted is None:
        return
    yield from ("## Where the people live", "")
    yield f"| {' | '.join(HEADINGS)} |"
    yield "|---" * len(HEADINGS) + "|"
    for where, *numbers in rows(told):
        yield f"| {' | '.join((cell(where), *numbers))} |"
    yield ""
    yield (
        "Distinct people as the warehouse stands today, by a list of countries: the EEA without "
        "the EU, the UK apart. `CA` is Canada, which is neither. Who has no country that the list "
        "knows is unknown, not elsewhere."
    )
    missing = [f"- Not counted: {prose(why)}" for why in reasons(told)]
    if missing:
        yield from ("", *missing)


def _notice(told: BlastRadius) -> Iterator[str]:
    yield from ("## Notice to the authority, within 72 hours", "")
    yield f"Aware since {BLANK}; due by {BLANK} (72 hours later, week-ends included)."
    yield ""
    yield from _due(told)
    kinds = ", ".join(code(kind) for kind in told.kinds) or BLANK
    total = counts_of(told, ALL_EXPORTS)
    people = number(total.subjects) if total else BLANK
    records = number(total.rows) if total else BLANK
    exports = ", ".join(code(one) for one in _names(told.exports)) or "nobody that is declared"
    yield from (
        "",
        f"1. Nature of the breach: {kinds} went to {exports} and to the readers of "
        f"{many(len(told.marts), 'mart')}.",
        f"2. People and records concerned: exported, {records} records of {people} people; "
        f"readable inside, {_inside(told)}; readers inside: {BLANK}.",
        f"3. Contact for more: {BLANK} (data protection officer).",
        f"4. Likely consequences: {BLANK}.",
        f"5. Measures taken and proposed: flow stopped on {BLANK}; deletion asked of "
        f"{exports}; {BLANK}.",
        f"6. Where this comes later than 72 hours: why, {BLANK}.",
        "",
        f"Do the people have to be told as well, for the risk to them is high? {BLANK}",
    )


def _inside(told: BlastRadius) -> str:
    """How many people stand in each mart; the same ones may stand in several."""
    known = ((mart.node, counts_of(told, mart.node)) for mart in told.marts)
    people = [(node, counts.subjects) for node, counts in known if counts is not None]
    said = [f"{number(count)} people in {code(short_name(node))}" for node, count in people]
    return ", ".join(said) or BLANK


def _due(told: BlastRadius) -> Iterator[str]:
    """Whether there may be somebody to notify."""
    answers = [one for one in told.counted or () if one.counts.residence is not None]
    for one in answers:
        lives = one.counts.residence
        if lives is None:
            continue
        yield (
            f"- {cell(called(one.node))}: {lives.eu + lives.eea} in the EU or EEA, {lives.uk} in "
            f"the UK, {lives.unknown} unknown"
        )
    if not answers:
        yield (
            "Where the people live wasn't counted (`--data` does): people in the EU or EEA make a "
            "notice under the GDPR due, people in the UK one under the UK GDPR, each to its own "
            "authority."
        )
        return
    yield ""
    yield (
        "Anybody in the EU or EEA may make a notice under the GDPR due, anybody in the UK one "
        "under the UK GDPR, each to its own authority; unknown ones have to be looked up "
        "first. A lawyer decides."
    )


def _letters(told: BlastRadius) -> Iterator[str]:
    recipients: dict[str, list[ReachedUse]] = {}
    for use in told.exports:
        recipients.setdefault(use.recipient, []).append(use)
    if not recipients:
        return
    yield "## Deletion requests"
    for recipient, uses in sorted(recipients.items()):
        kinds = sorted({one.flow.kind for use in uses for one in use.arrived if one.value})
        columns = sorted({one.column for use in uses for one in use.arrived if one.value})
        ran = [use.first_run for use in uses if use.first_run]
        stated = [use.records for use in uses if use.records]
        yield from ("", f"### To {code(recipient)}", "")
        yield from letter(
            "request to delete personal data sent by mistake",
            [
                f"From {', '.join(map(code, ran)) or BLANK} on we sent you "
                f"{' and '.join(map(code, stated)) or BLANK} records that hold personal data which "
                "they should not have held:",
                "\n> ".join(f"- {_meaning(told, kind)}" for kind in kinds),
                f"It stands in the columns {', '.join(map(code, columns)) or BLANK}.",
            ],
            "these columns, or the records,",
        )


def _mending(told: BlastRadius) -> Iterator[str]:
    yield from ("## Mending, and what lasts", "")
    for step in _entries(told):
        columns = ", ".join(code(name) for name in _taken(told, step))
        where = f"{code(short_name(step.node))} at {code(place(step.location))}"
        yield f"- [ ] {where}: name the columns without {columns}, or mask them"
    for one in told.relations:
        if one.sort in ("model", "snapshot") and holds(one.arrived):
            name = code(short_name(one.node))
            yield f"- [ ] {name} built anew, its former rows gone from backups and time travel"
    for recipient in sorted({use.recipient for use in told.exports}):
        yield f"- [ ] Deletion asked of {code(recipient)}, and confirmed"
    for use in told.uses:
        if not use.export:
            yield f"- [ ] Extracts and caches of {code(short_name(use.node))} emptied"
    yield from (f"- [ ] {control}" for control in _CONTROLS)


def _taken(told: BlastRadius, entry: Step) -> list[str]:
    """The columns that came into a relation where this one did."""
    steps = (
        step
        for relation in told.relations
        for one in relation.arrived
        for step in one.flow.steps[1:]
        if step.node == entry.node and step.location == entry.location
    )
    return list(dict.fromkeys(step.column for step in steps))


def _limits(told: BlastRadius) -> Iterator[str]:
    yield from ("## What this stands on", "")
    for one in told.unseen:
        yield f"- Not seen: {code(short_name(one.node))}: {prose(one.reason)}"
    yield from (f"- {prose(line)}" for line in inputs(told.manifests, told.notes))
    yield "- Uses that no exposure declares aren't in it: look at the grants and at the query log."


def _holds(arrived: Iterable[Arrived]) -> str:
    pairs = dict.fromkeys((a.column, form_of(a.flow.form, a.flow.clause)) for a in arrived)
    return ", ".join(f"{cell(column)} ({form})" for column, form in pairs)


def _names(uses: Iterable[ReachedUse]) -> list[str]:
    return sorted({use.recipient for use in uses})


def _name(node: str, column: str) -> str:
    return f"{short_name(node)}.{column}"
