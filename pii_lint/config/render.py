"""A policy written out, the shipped one under it: a file that means the same by itself."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import fields

from pii_lint.config.model import Cell, Config, LabelSpec, Zone

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")
_NO_WORDS = frozenset({"null", "true", "false"})


def resolved(config: Config) -> str:
    """All that holds, as YAML that `load_config` reads back to the same policy."""
    top: dict[str, object] = {
        "version": 1,
        "fail_on": config.fail_on.value,
        "longest_term_days": config.longest_term_days,
        "zones": {name: _zone(zone) for name, zone in config.zones.items()},
        "policy": {
            zone: {form: _cell(cell) for form, cell in row.items()}
            for zone, row in config.policy.items()
        },
        "rules": {code: severity.value for code, severity in config.rules.items()},
        "roles": {name: list(roles) for name, roles in config.roles.items()},
        "labels": _labels(config),
        "smallest_group": _told(
            people=config.smallest_group.people,
            kinds=list(config.smallest_group.kinds),
            columns=sorted(".".join(place) for place in config.smallest_group.columns),
        ),
        "secrets": [{each.sort: each.name} for each in config.secrets],
        "functions": dict(config.functions),
        "kinds": dict(config.kinds),
        "declassified": [
            _told(
                node=each.node,
                columns=list(each.columns),
                kinds=list(each.kinds),
                reason=each.reason,
                by=each.by,
                until=str(each.until),
            )
            for each in config.declassified
        ],
        "ignore": [
            _told(
                rule=each.rule,
                node=each.node,
                columns=list(each.columns) or None,
                reason=each.reason,
                by=each.by,
                until=str(each.until),
            )
            for each in config.ignored
        ],
    }
    if config.tier is not None:
        top["tier"] = int(config.tier)
    if config.dialect is not None:
        top["dialect"] = config.dialect
    waiver = config.allow_literal_keys
    if waiver is not None:
        top["allow_literal_keys"] = {"reason": waiver.reason, "until": str(waiver.until)}
    source = config.file or "there is no policy file"
    head = [f"# What holds: the shipped policy under the project's own ({json.dumps(source)})."]
    return "\n".join([*head, *_lines(top, 0)]) + "\n"


def _zone(zone: Zone) -> dict[str, object]:
    given = {each.name: list(getattr(zone, each.name)) for each in fields(zone)}
    return {name: listed for name, listed in given.items() if listed} or {"paths": []}


def _cell(cell: Cell) -> object:
    # a mapping changes parts of what is under it, so every part is said
    told = _told(
        default=cell.default.value,
        derived=cell.derived.value if cell.derived else None,
        equated=cell.equated.value if cell.equated else None,
    )
    told |= {kind: severity.value for kind, severity in cell.kinds.items()}
    return cell.default.value if len(told) == 1 else told


def _labels(config: Config) -> dict[str, object]:
    return {
        uid: {
            **{name: _label(spec) for name, spec in config.labels.get(uid, {}).items()},
            **dict.fromkeys(sorted(config.clean.get(uid, ())), False),
        }
        for uid in sorted({*config.labels, *config.clean})
    }


def _label(spec: LabelSpec) -> object:
    told = _told(kind=spec.kind, form=spec.form, keys=list(spec.keys) or None)
    return spec.kind if len(told) == 1 else told


def _told(**given: object) -> dict[str, object]:
    return {name: value for name, value in given.items() if value is not None}


def _lines(value: Mapping[str, object], depth: int) -> Iterator[str]:
    """Blocks down to where a line holds the rest; JSON is YAML."""
    for name, each in value.items():
        key = _scalar(name)
        if each in ({}, []) and depth == 0:
            continue
        if isinstance(each, Mapping) and depth < 2:
            yield f"{'  ' * depth}{key}:"
            yield from _lines(each, depth + 1)
        elif isinstance(each, list) and depth == 0:
            yield f"{key}:"
            yield from (f"  - {_scalar(item)}" for item in each)
        else:
            yield f"{'  ' * depth}{key}: {_scalar(each)}"


def _scalar(value: object) -> str:
    if isinstance(value, str) and _WORD.fullmatch(value) and value.lower() not in _NO_WORDS:
        return value
    text = json.dumps(value, ensure_ascii=False, default=dict)
    return "".join(char if char.isprintable() else _escaped(char) for char in text)


def _escaped(char: str) -> str:
    return f"\\u{ord(char):04x}" if ord(char) <= 0xFFFF else f"\\U{ord(char):08x}"
