"""Policy files damaged and written out: one sentence or a policy, and never anything else."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest

from pii_lint.cli import main
from pii_lint.config import Config, Secret, load_config
from pii_lint.config.render import resolved
from pii_lint.errors import ConfigError

ROOT = Path(__file__).parents[3]
POLICY = """version: 1
fail_on: warn
zones:
  safe: {paths: [models/marts], access: public}
policy:
  safe: {clear: {email: warn, default: error}, signal: {equated: off}}
labels:
  source.shop.raw.people:
    mail: {kind: email, form: weak}
    id: false
secrets: [{column: source.shop.vault.salts.salt}]
functions: {mask: {class: part, roles: [value]}}
kinds: {loyalty.card: {aliases: [card], derivations: {region: {parts: "left(1..2)"}}}}
rules: {STG001: off}
roles: {confidential: [support, "people_*"], restricted: dpo}
allow_literal_keys: {reason: a demo, until: 2027-01-01}
declassified:
  - {node: model.shop.m, columns: "*", kinds: [name], reason: agreed, until: 2027-01-01}
ignore:
  - {rule: PII001, node: exposure.shop.mail, columns: [a, b], reason: agreed, until: 2027-01-01}
"""
KINDLESS = "\n".join(line for line in POLICY.split("\n") if not line.startswith("kinds"))
PIECES = (
    "{",
    "]",
    ":",
    "- ",
    "\n",
    "'",
    '"',
    "&a",
    "*a",
    "!x",
    "#",
    "\t",
    "null",
    "off",
    "\x00",
    "é",
)


def test_ten_thousand_damaged_policies_raise_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = ""
    monkeypatch.setattr("pii_lint.files.read", lambda path, most: text.encode())
    chance = random.Random(11)
    path = tmp_path / "pii_lint.yml"
    loaded, refused = 0, set()
    for number in range(10_000):
        # kinds of a project's own make another registry, which takes long
        text = KINDLESS if number % 20 else POLICY
        for _ in range(chance.randint(1, 3)):
            at = chance.randrange(len(text))
            kind = chance.randrange(4)
            if kind == 0:
                text = text[:at] + chance.choice(PIECES) + text[at:]
            elif kind == 1:
                text = text[:at] + text[at + chance.randint(1, 12) :]
            elif kind == 2:
                lines = text.split("\n")
                chance.shuffle(lines)
                text = "\n".join(lines) if chance.random() < 0.1 else text
            else:
                words = text.split(" ")
                words[chance.randrange(len(words))] = words[chance.randrange(len(words))]
                text = " ".join(words)
        try:
            load_config(path, tmp_path)
        except ConfigError as wrong:
            refused.add(str(wrong).count("\n"))
        else:
            loaded += 1
    assert loaded
    assert refused == {0}


def bare(config: Config) -> Config:
    """Without the lines, which a policy written out has of its own."""
    return replace(
        config,
        file=None,
        rule_lines={},
        labels={
            uid: {name: replace(spec, line=1) for name, spec in specs.items()}
            for uid, specs in config.labels.items()
        },
        clean=dict(config.clean),
        zones=dict(config.zones),
        policy={
            zone: {form: replace(cell, kinds=dict(cell.kinds)) for form, cell in row.items()}
            for zone, row in config.policy.items()
        },
        secrets=tuple(replace(each, line=1) for each in config.secrets),
        declassified=tuple(replace(each, line=1) for each in config.declassified),
        ignored=tuple(replace(each, line=1) for each in config.ignored),
        allow_literal_keys=config.allow_literal_keys and replace(config.allow_literal_keys, line=1),
    )


@pytest.mark.parametrize(
    "text", ["version: 1\n", POLICY, (ROOT / "pii_lint.yml").read_text(encoding="utf-8")]
)
def test_what_holds_written_out_means_the_same(tmp_path: Path, text: str) -> None:
    path = tmp_path / "pii_lint.yml"
    path.write_text(text, "utf-8")
    config = load_config(path)
    path.write_text(resolved(config), "utf-8")
    assert bare(load_config(path)) == bare(config)


@pytest.mark.parametrize("name", ["null", "a: b # c", "é😀", "\x07\x85\ufeff", "'\"", "- x"])
def test_hostile_words_are_written_out_whole(tmp_path: Path, name: str) -> None:
    config = replace(
        load_config(), secrets=(Secret("setting", name + "x"), Secret("setting", name))
    )
    path = tmp_path / "pii_lint.yml"
    path.write_text(resolved(config), "utf-8")
    assert bare(load_config(path)) == bare(config)


def test_show_prints_the_file_or_all_that_holds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["config", "show"]) == 0
    assert "the shipped policy holds" in capsys.readouterr().out
    (tmp_path / "dbt_project.yml").write_text("name: shop\n", "utf-8")
    (tmp_path / "pii_lint.yml").write_text("version: 1\nfail_on: warn\n", "utf-8")
    assert main(["config", "show"]) == 0
    assert capsys.readouterr().out == "version: 1\nfail_on: warn\n"
    assert main(["config", "show", "--resolved"]) == 0
    told = capsys.readouterr().out
    assert "fail_on: warn" in told
    assert "pseudonym: note" in told
    (tmp_path / "pii_lint.yml").write_text("version: 1\nfial_on: warn\n", "utf-8")
    assert main(["config", "show", "--resolved"]) == 2
    assert "did you mean `fail_on`?" in capsys.readouterr().err


def test_the_shell_completes_commands(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("_PII_LINT_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", "pii-lint ba")
    monkeypatch.setenv("COMP_CWORD", "1")
    with pytest.raises(SystemExit):
        main([])
    assert capsys.readouterr().out == "plain,baseline\n"
