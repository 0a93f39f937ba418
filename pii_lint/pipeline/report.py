"""The page that an auditor opens: the verdict, and everything that it stands on."""

from __future__ import annotations

from dataclasses import replace

from pii_lint.findings import Persona
from pii_lint.options import Options
from pii_lint.pipeline.check import failed, judged
from pii_lint.pipeline.gathering import gather_linked, inputs, notes
from pii_lint.reports.listing import listing
from pii_lint.reports.page import html, page


def report(options: Options) -> str:
    """The page's text. An auditor reads all findings; the verdict is `check`'s."""
    facts, origins = gather_linked(options)
    told = judged(replace(options, persona=Persona.AUDITOR), facts)
    usual = (finding for finding in told.findings if finding.persona == Persona.DEFAULT)
    told = replace(told, failed=failed(usual, options.fail_on or facts.config.fail_on))
    return html(page(facts, origins, told, listing(facts, inputs(facts), notes(facts))))
