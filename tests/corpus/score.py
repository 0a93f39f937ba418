"""`python -m tests.corpus.score`: by family, how many labels are found, and how many that are found
are right. A label is a column with an origin in a value form; lost sight is counted apart."""

from __future__ import annotations

from collections import Counter, defaultdict

from tests.corpus.harness import all_cases, labels

VALUE_WORDS = ("clear", "partial", "weak", "pseudonym", "statistic", "many")


def main() -> None:
    """Print the table."""
    tally: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for case in all_cases():
        family = tally[case.name.partition(":")[0]]
        family["cases"] += 1
        family["executed"] += case.runs
        family["xfail"] += case.xfail is not None
        found = labels(case)
        expected = {key.lower(): set(words.split()) for key, words in case.expect.items()}
        for column in expected.keys() | found.keys():
            wanted, got = _values(expected.get(column, set())), _values(found.get(column, set()))
            lost = "unknown" in found.get(column, set())
            family["wanted"] += len(wanted)
            family["met"] += len(wanted & got) if not lost else len(wanted)
            family["got"] += len(got)
            family["right"] += len(wanted & got)
    print("| family | cases | executed | xfail | labels | recall | precision |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for name, family in [*sorted(tally.items()), ("all", sum(tally.values(), Counter[str]()))]:
        print(
            f"| {name} | {family['cases']} | {family['executed']} | {family['xfail']} "
            f"| {family['wanted']} | {_share(family['met'], family['wanted'])} "
            f"| {_share(family['right'], family['got'])} |"
        )


def _values(words: set[str]) -> set[str]:
    return {word for word in words if word.rpartition("=")[2] in VALUE_WORDS}


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "-"


if __name__ == "__main__":
    main()
