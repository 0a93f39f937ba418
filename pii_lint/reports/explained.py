"""An explanation of one column, as text."""

from __future__ import annotations

from collections.abc import Iterator

from pii_lint.reports._layout import cut, flow_lines, table
from pii_lint.reports._plain import plain
from pii_lint.reports._words import place, short_name
from pii_lint.reports.explanation import Above, Explanation, Masked

_VERDICTS = {
    "clear": "It holds {} in clear: whoever reads the column reads the value.",
    "partial": "It holds a readable part of {}.",
    "weak": "It holds {} under a mask that is none: anyone can recompute it.",
    "unknown": "What it holds can't be told: sight was lost on the way ({}).",
    "pseudonym": "It holds {} as a pseudonym: nobody reads the value without the secret.",
    "statistic": "It holds a statistic of {} over many people, and no single value.",
    "signal": "It holds no personal value; {} only had an influence on it.",
}
"""By the worst form, worst first."""


def explain(told: Explanation) -> str:
    """What the column carries and by which way; of a clean one, what flows in and where it ends."""
    called = plain(f"{short_name(told.node)}.{told.column}")
    lines = [f"{called}, of the {plain(told.sort)} {plain(told.node)}"]
    lines += [f"  {place(told.location)}", "", *_verdict(told)]
    for way in told.ways:
        lines += ["", *flow_lines(way.flow)]
        if way.mask is not None:
            lines += [f"    {line}" for line in _mask(way.mask)]
    lines += _above(told)
    if told.rows:
        lines += ["", f"Which rows it has was decided with: {plain(', '.join(told.rows))}."]
    if told.declared:
        lines += ["", *(f"Declassified: {plain(one)}." for one in told.declared)]
    lines += ["", *_findings(told)]
    return "\n".join(lines) + "\n"


def _verdict(told: Explanation) -> Iterator[str]:
    forms = {way.flow.form for way in told.ways}
    worst = next((form for form in _VERDICTS if form in forms), None)
    if worst is None:
        yield "It is clean: no personal data arrives in it."
    else:
        kinds = ", ".join(sorted({w.flow.kind for w in told.ways if w.flow.form == worst}))
        yield _VERDICTS[worst].format(plain(kinds))


def _mask(mask: Masked) -> Iterator[str]:
    where = plain(f"{short_name(mask.node)}.{mask.column}")
    if mask.secrets and mask.weakness is None:
        keys = ", ".join(plain(secret) for secret in mask.secrets)
        yield f"masked in {where} by {plain(mask.function)}, under the secret {keys}"
    else:
        yield f"masked in {where} by {plain(mask.function)}: {plain(mask.weakness or 'no key')}"
    yield f"at {place(mask.location)}"


def _above(told: Explanation) -> Iterator[str]:
    if told.standing:
        yield from ("", plain(told.standing))
    if not told.above:
        return
    yield from ("", "What flows in, and where labels end:")
    rows: list[tuple[str, ...]] = []
    for one in told.above:
        called = plain(f"{'  ' * one.depth}{short_name(one.node)}.{one.column}")
        expression = cut(plain(one.expression))
        standing = plain(one.standing) or _held(one)
        rows.append((called, one.op, expression, place(one.location), standing))
    yield from table(rows)
    for one in told.above:
        yield from _ends(one)
    if told.cut:
        yield "  and more, which isn't named here"


def _held(one: Above) -> str:
    kinds = sorted({end.kind for end in one.ends})
    return plain(f"holds {kinds[0]}" if len(kinds) == 1 else f"holds {len(kinds)} kinds")


def _ends(one: Above) -> Iterator[str]:
    """What becomes of the labels that stand on a column above."""
    called = f"{short_name(one.node)}.{one.column}"
    if kept := _kinds(one, None):
        yield plain(f"  {called} keeps back {kept}: {_STOPS.get(one.op, one.op)}.")
    for form in sorted({end.becomes for end in one.ends if end.becomes is not None}):
        yield plain(f"  {called} hands on {_kinds(one, form)}, as {form}.")


def _kinds(one: Above, becomes: str | None) -> str:
    ends = (end for end in one.ends if end.becomes == becomes)
    return ", ".join(sorted({f"{end.kind} ({end.form})" for end in ends}))


_STOPS = {
    "one field of": "only another field is taken out of it",
    "keyed digest": "it is the key of a digest, which doesn't give it away",
    "digest": "it goes into a digest, which doesn't give it away",
    "count": "how many there are tells nothing of it",
}
"""Why an operation leaves nothing of a label."""


def _findings(told: Explanation) -> Iterator[str]:
    for finding in told.findings:
        state = "suppressed" if finding.suppressed else finding.severity.value
        yield f"{finding.code} {state}: {plain(finding.message)}"
    if not told.findings:
        yield "No rule objects to it."
