"""Letters that ask a recipient to delete what it got; what only people know is left to fill in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pii_lint.holdings import Recipient
from pii_lint.reports._markup import code

BLANK = "\\_\\_\\_\\_"
"""What only people know."""


def letter(subject: str, said: Iterable[str], asked: str) -> Iterator[str]:
    """A letter as a quotation; `asked` is what is to be deleted."""
    paragraphs = [
        f"Subject: {subject}",
        *said,
        f"Please delete {asked} from all systems, backups and copies with those to whom you handed "
        f"them on, by {BLANK}; use them for nothing meanwhile; and confirm in writing by {BLANK} "
        "what was deleted, when, and who had access.",
        BLANK,
    ]
    for number, paragraph in enumerate(paragraphs):
        yield from ([">"] if number else [])
        yield f"> {paragraph}"


def of_a_person(recipients: Iterable[Recipient]) -> str:
    """What follows when one person asks to be forgotten: a letter to each who got their data."""
    lines = ["# Deletion requests", ""]
    lines += [
        "Somebody asked to be forgotten. Nothing here says who: write in how the recipient knows "
        "them, such as the pseudonym that it was given.",
    ]
    for one in recipients:
        kinds = ", ".join(map(code, one.kinds)) or "the key of their record"
        forms = f" ({', '.join(one.forms)})" if one.forms else ""
        signed = "nobody signed for it"
        if one.signed_by:
            signed = f"{code(one.signed_by)} signed for it, until {code(one.signed_until or BLANK)}"
        lines += ["", f"## To {code(one.recipient)}", ""]
        lines += [
            f"By the export {code(one.exposure)}, which {code(one.owner or BLANK)} owns; {signed}.",
            "",
        ]
        lines += letter(
            "request to erase one person's data",
            [
                "Somebody whose data we gave you has asked us to erase it. We have done so, and "
                "tell you as Article 19 of the GDPR demands.",
                f"You hold of them: {kinds}{forms}. You know them as {BLANK}.",
            ],
            "what you hold of this person",
        )
    return "\n".join(lines) + "\n"
