"""What may be handed out: safe marts that passed the gate, for everybody or one recipient."""

from __future__ import annotations

from pii_lint.artifacts.model import Exposure
from pii_lint.errors import ConfigError
from pii_lint.foretold import Publication
from pii_lint.options import Options
from pii_lint.pipeline.check import findings_of, judged
from pii_lint.pipeline.gathering import gather
from pii_lint.pipeline.prediction import foretold
from pii_lint.rules import Facts

_UNSIGNED = "PII004"
"""The rule that holds sign-offs. Here no comment and no baseline lets its findings pass."""


def publication(options: Options, recipient: str | None = None) -> Publication:
    """The marts, or why they may not go. `recipient` is the name of an exposure.

    Raises `ConfigError` where there is no such exposure, or nothing safe under it.
    """
    facts = gather(options)
    report = judged(options, facts)
    prediction = foretold(options, facts)
    marts = tuple(one for one in prediction.relations if one.safe)
    refused: list[str] = []
    if report.failed:
        refused.append("the gate doesn't pass: run `pii-lint check`")
    if recipient is not None:
        exposure = _exposure(facts, recipient)
        wanted = frozenset(exposure.depends_on)
        names = sorted(
            facts.nodes[uid].name
            for uid in wanted
            if uid in facts.nodes and not facts.policy.is_safe(facts.nodes[uid])
        )
        if names:
            raise ConfigError(
                f"{recipient} takes from {', '.join(names)}, and only safe marts are published: "
                "take that out of its `depends_on`, or hand it over by other means."
            )
        marts = tuple(one for one in marts if one.node in wanted)
        unsigned = any(
            (finding.code, finding.node) == (_UNSIGNED, exposure.unique_id)
            for finding in findings_of(facts)
        )
        if unsigned:
            refused.append(
                f"{recipient} has no sign-off for all that it would get, or one that has expired: "
                "run `pii-lint check --select PII004`"
            )
    if not marts:
        raise ConfigError(
            f"There is no safe mart to publish{f' for {recipient}' * bool(recipient)}."
        )
    secrets = [uid for uid in prediction.given if facts.is_secret(uid)]
    return Publication(
        marts=marts,
        refused=tuple(refused),
        recipient=recipient,
        salt=prediction.given[secrets[0]] if len(secrets) == 1 else None,
        manifest=prediction.manifest,
        policy=prediction.policy,
    )


def _exposure(facts: Facts, name: str) -> Exposure:
    found = [one for one in facts.exposures.values() if one.name == name]
    if not found:
        known = ", ".join(sorted(one.name for one in facts.exposures.values())) or "there is none"
        raise ConfigError(f"There is no exposure {name}: the project declares {known}.")
    return found[0]
