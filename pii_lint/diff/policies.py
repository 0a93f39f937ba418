"""Two policies compared: zones, the matrix, rules, and what is vouched for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pii_lint.config import Cell, Config, SmallestGroup, Waiver, Zone
from pii_lint.data.registry import Kind
from pii_lint.diff.model import GateChange
from pii_lint.diff.places import Places
from pii_lint.diff.renames import renamed
from pii_lint.findings import Severity
from pii_lint.labels import Form
from pii_lint.policy import EXPORT, SAFE
from pii_lint.rules import RULES, Facts
from pii_lint.tiers import Tier

_NOBODY = "no zone"
_SELECTORS = ("paths", "schemas", "tags", "groups", "access")
_HANDLED = ("identifies", "domain", "low_entropy", "value", "min_length", "allowed", "derivations")
"""What of a kind decides how its flows are followed and judged."""


def zones_moved(base: Facts, head: Facts, places: Places) -> Iterator[GateChange]:
    """Relations that are in another zone than they were."""
    before = {places.node(uid): base.zone_of(uid) for uid in base.nodes}
    before |= {now: before[was] for was, now in renamed(base, head, places).items()}
    for uid in sorted(head.nodes):
        name = places.node(uid)
        was, now = before.get(name), head.zone_of(uid)
        if name in before and was != now:
            softer = _softer_row(_row(base.config, was), _row(head.config, now))
            yield GateChange("zone moved", name, was or _NOBODY, now or _NOBODY, softer)


def zones(base: Facts, head: Facts, places: Places) -> Iterator[GateChange]:  # noqa: ARG001
    """What zones claim. A narrower safe zone lets the models of tomorrow by."""
    before, after = base.config.zones, head.config.zones
    for name in sorted(before.keys() | after.keys()):
        was, now = _claims(before.get(name)), _claims(after.get(name))
        if was != now:
            narrower = name in (SAFE, EXPORT) and not was <= now
            yield GateChange("zone", name, _listed(was - now), _listed(now - was), narrower)


def cells(base: Facts, head: Facts, places: Places) -> Iterator[GateChange]:  # noqa: ARG001
    """Cells of the matrix, each with its parts."""
    for zone in base.config.policy:
        before, after = base.config.policy[zone], head.config.policy[zone]
        for form in before:
            was, now = _parts(before[form]), _parts(after[form])
            for part in sorted(was.keys() | now.keys()):
                old = _effective(before[form], part)
                new = _effective(after[form], part)
                if old != new:
                    where = f"{zone}.{form}" + (f".{part}" if part else "")
                    yield GateChange("policy", where, old, new, _milder(new, old))


def rules(base: Facts, head: Facts, places: Places) -> Iterator[GateChange]:  # noqa: ARG001
    """Severities of rules."""
    before, after = base.config.rules, head.config.rules
    for rule in RULES:
        was, now = before.get(rule.code), after.get(rule.code)
        if was != now:
            softer = _milder(now or rule.severity, was or rule.severity)
            yield GateChange("rule", rule.code, was or "as shipped", now or "as shipped", softer)


def switches(base: Facts, head: Facts, places: Places) -> Iterator[GateChange]:  # noqa: ARG001
    """What fails a run, leave for literal keys, the tier, the dialect."""
    was, now = base.config, head.config
    if was.fail_on != now.fail_on:
        yield GateChange(
            "fail_on", "fail_on", was.fail_on, now.fail_on, _milder(was.fail_on, now.fail_on)
        )
    old, new = was.allow_literal_keys, now.allow_literal_keys
    if (old and old.until) != (new and new.until):
        longer = new is not None and (old is None or old.until < new.until)
        yield GateChange("literal keys", "allow_literal_keys", _until(old), _until(new), longer)
    least, still = was.smallest_group, now.smallest_group
    if least != still:
        fewer = (still.people or 0) < (least.people or 0)
        more = bool({*still.kinds} - {*least.kinds} or still.columns - least.columns)
        yield GateChange(
            "smallest group", "smallest_group", _counted(least), _counted(still), fewer or more
        )
    term, still_term = was.longest_term_days, now.longest_term_days
    if term != still_term:
        longer = still_term > term
        yield GateChange(
            "longest term", "longest_term_days", f"{term} days", f"{still_term} days", longer
        )
    if was.tier != now.tier:
        yield GateChange("tier", "tier", _tier(was.tier), _tier(now.tier), _laxer(now, was))
    if was.dialect != now.dialect:
        own = "the adapter's"
        yield GateChange("dialect", "dialect", was.dialect or own, now.dialect or own, False)


def kinds(base: Facts, head: Facts, places: Places) -> Iterator[GateChange]:  # noqa: ARG001
    """Kinds that are handled in another way."""
    before, after = base.registry.kinds, head.registry.kinds
    for name in sorted(before.keys() | after.keys()):
        if name not in before or name not in after:
            was, now = ("none", "added") if name in after else ("there", "removed")
            yield GateChange("kind", name, was, now, name not in after)
            continue
        differing = [each for each in _HANDLED if _of(before[name], each) != _of(after[name], each)]
        if differing:
            was = ", ".join(f"{each} {_of(before[name], each)}" for each in differing)
            now = ", ".join(f"{each} {_of(after[name], each)}" for each in differing)
            yield GateChange("kind", name, was, now, _less_guarded(before[name], after[name]))


def vouched(base: Facts, head: Facts, places: Places) -> Iterator[GateChange]:
    """Functions and secrets that the policy file speaks for."""
    before, after = base.config.functions, head.config.functions
    for name in sorted(before.keys() | after.keys()):
        was, now = _class(before.get(name)), _class(after.get(name))
        if before.get(name) != after.get(name):
            softer = was == "reveal" or (name in after and now not in ("reveal", "transform"))
            sort = "function vouched for" if name in after else "function"
            yield GateChange(sort, name, was, now, softer)
    old = {(s.sort, places.node(s.name)) for s in base.config.secrets}
    new = {(s.sort, places.node(s.name)) for s in head.config.secrets}
    for sort, name in sorted(new - old):
        yield GateChange("secret vouched for", name, "no secret", sort, True)
    for sort, name in sorted(old - new):
        yield GateChange("secret", name, sort, "no secret", False)


def roles(base: Facts, head: Facts, places: Places) -> Iterator[GateChange]:  # noqa: ARG001
    """Roles that are cleared for a class of data; a policy that names none asks for none."""
    before, after = base.config.roles, head.config.roles
    if before and not after:
        yield GateChange("role cleared", "roles", "named", "no role is asked for", True)
        return
    old = {(role, name) for name, cleared in before.items() for role in cleared}
    new = {(role, name) for name, cleared in after.items() for role in cleared}
    for role, name in sorted(new - old):
        yield GateChange("role cleared", role, "not cleared", name, bool(before))
    for role, name in sorted(old - new):
        yield GateChange("role", role, name, "not cleared", False)


def _counted(group: SmallestGroup) -> str:
    columns = (".".join(place) for place in group.columns)
    return f"{group.people} people, by {', '.join(sorted([*group.kinds, *columns]))}"


def _tier(tier: Tier | None) -> str:
    return tier.called if tier else "not stated"


def _laxer(now: Config, was: Config) -> bool:
    # one that is stated refuses administrators, even the first
    return (now.tier or 0) < (was.tier or 0)


def _until(waiver: Waiver | None) -> str:
    return f"until {waiver.until}" if waiver else "no"


def _row(config: Config, zone: str | None) -> Mapping[str, Cell]:
    return config.policy[zone or "unzoned"]


def _softer_row(was: Mapping[str, Cell], now: Mapping[str, Cell]) -> bool:
    return any(_milder(now[form.word].default, was[form.word].default) for form in Form)


def _milder(now: Severity, was: Severity) -> bool:
    return now != was and was.at_least(now)


def _parts(cell: Cell) -> Mapping[str, Severity]:
    parts = {"": cell.default, **cell.kinds}
    named = {"derived": cell.derived, "equated": cell.equated}
    return parts | {word: severity for word, severity in named.items() if severity is not None}


def _effective(cell: Cell, part: str) -> Severity:
    """The severity of a part that may only be named in the other policy."""
    parts = _parts(cell)
    name = part
    while name:
        if name in parts:
            return parts[name]
        name = name.rpartition(".")[0]
    return cell.default


def _claims(zone: Zone | None) -> frozenset[str]:
    if zone is None:
        return frozenset()
    return frozenset(f"{each} {word}" for each in _SELECTORS for word in getattr(zone, each))


def _listed(claims: frozenset[str]) -> str:
    return ", ".join(sorted(claims)) or "nothing else"


def _less_guarded(was: Kind, now: Kind) -> bool:
    known = {(each.kind, part) for each in was.derivations for part in each.parts}
    made = {(each.kind, part) for each in now.derivations for part in each.parts}
    return (
        (was.identifies and not now.identifies)
        or (was.low_entropy and not now.low_entropy)
        or (was.small and not now.small)
        or (now.allowed and not was.allowed)
        or was.value != now.value
        or was.min_length < now.min_length
        or not made <= known
    )


def _of(kind: Kind, attribute: str) -> object:
    if attribute == "derivations":
        return ", ".join(
            f"{each.kind} by {' or '.join(sorted(each.parts))}" for each in kind.derivations
        )
    value: object = getattr(kind, attribute)
    return value


def _class(given: str | Mapping[str, object] | None) -> str:
    if given is None:
        return "as shipped"
    return str(given["class"]) if isinstance(given, Mapping) else given
