"""A blast radius for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pii_lint.reports._counted import HEADINGS, called, reasons, rows, with_kinds
from pii_lint.reports._layout import flow_lines, table
from pii_lint.reports._plain import plain
from pii_lint.reports._summary import inputs
from pii_lint.reports._words import form_of, many, place, short_name, signed
from pii_lint.reports.radius import Arrived, BlastRadius, holds


def text(told: BlastRadius) -> str:
    """The verdict first, then relation by relation with every way."""
    lines: list[str] = []
    for asked in told.asked:
        kinds = ", ".join(asked.kinds) or "nothing that is known"
        name = f"{short_name(asked.node)}.{asked.column}"
        lines.append(f"{plain(name)} ({plain(kinds)})  {place(asked.location)}")
    lines += ["", _verdict(told), ""]
    for relation in told.relations:
        zone = f"{relation.zone} {relation.sort}" if relation.zone else f"unzoned {relation.sort}"
        lines.append(plain(f"{short_name(relation.node)}, {zone}"))
        lines += [f"  {row}" for row in table(_rows(relation.arrived))]
        for one in relation.arrived:
            lines += [f"  {line}" for line in flow_lines(one.flow)]
        lines.append("")
    for use in told.uses:
        sort = "export" if use.export else "inside"
        through = ", ".join(short_name(node) for node in use.takes)
        lines.append(
            plain(f"{short_name(use.node)} ({use.type}, {sort}), to {use.recipient}, by {through}")
        )
        lines += [f"  {row}" for row in table(_rows(use.arrived))]
        if use.sign_off is not None:
            lines.append(f"  signed off: {signed(use.sign_off)}")
        elif use.export:
            lines.append("  nobody signed for it")
        lines.append("")
    lines += _counted(told)
    lines += _past_dbt(told)
    lines += [
        f"not seen: {plain(short_name(one.node))}: {plain(one.reason)}  {place(one.location)}"
        for one in told.unseen
    ]
    lines += [plain(line) for line in inputs(told.manifests, told.notes)]
    return "\n".join(lines) + "\n"


def _verdict(told: BlastRadius) -> str:
    if not (told.relations or told.uses or told.past_dbt):
        more = ", as far as was seen" if told.unseen else ""
        return f"Nothing of it goes on{more}."
    influenced = sum(not holds(one.arrived) for one in told.relations)
    inside = sum(not use.export for use in told.uses)
    return (
        f"It reaches {many(len(told.relations), 'relation')} "
        f"({many(len(told.marts), 'mart')} among them), "
        f"{many(len(told.exports), 'export')}, {many(inside, 'use')} inside"
        + (f", {many(len(told.past_dbt), 'place')} past dbt" if told.past_dbt else "")
        + (f"; {influenced} hold an influence or a statistic only" if influenced else "")
        + (f"; sight was lost {many(len(told.unseen), 'time')} below" if told.unseen else "")
        + "."
    )


def _rows(arrived: Iterable[Arrived]) -> list[tuple[str, ...]]:
    rows = {
        (
            plain(one.column),
            plain(one.flow.kind),
            form_of(one.flow.form, one.flow.clause),
            plain(short_name(one.asked)),
        )
        for one in arrived
    }
    return sorted(rows)


def _past_dbt(told: BlastRadius) -> Iterator[str]:
    for one in told.past_dbt:
        what = ", ".join((*one.kinds, *one.forms)) or "what can't be followed"
        yield plain(f"past dbt: {short_name(one.by)} writes to {one.target}: {what}")


def _counted(told: BlastRadius) -> Iterator[str]:
    if told.counted is None:
        return
    yield "As the warehouse stands (distinct people, by where they live):"
    numbers = [tuple(map(plain, row)) for row in rows(told)]
    yield from (f"  {line}" for line in table([HEADINGS, *numbers]))
    for one in told.counted:
        if one.counts.kinds:
            yield plain(f"  {called(one.node)}: {with_kinds(one.counts)}")
    yield from (plain(f"  not counted: {why}") for why in reasons(told))
    yield ""
