"""pii_lint.yml: what it may say, and one clear sentence for everything else."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pii_lint.config import Cell, Config, LabelSpec, Secret, Zone, load_config, schema
from pii_lint.data.functions import CLASSES, ROLES
from pii_lint.data.reading import read_yaml
from pii_lint.data.shape import misfits
from pii_lint.errors import ConfigError
from pii_lint.findings import Severity
from pii_lint.labels import Form
from pii_lint.policy import ZONES

ROOT = Path(__file__).parents[2]
VALIDATOR = jsonschema.Draft7Validator(
    schema(), format_checker=jsonschema.Draft7Validator.FORMAT_CHECKER
)

EVERYTHING = """
version: 1
dialect: duckdb
fail_on: warn
zones:
  safe:
    paths: ["models/**/safe", "./models/gold"]
    schemas: marts
    tags: [gold]
    groups: [g]
    access: [public, protected]
  export: {paths: exports}
labels:
  source.shop.raw.raw_user:
    email: email
    email_sha: {kind: email, form: weak}
    payload: {kind: personal_data, keys: [email, phone]}
    id: false
  model.shop.dim_user.v2: {Name: person.name.full}
secrets:
  - {column: source.shop.vault.salts.Salt}
  - {relation: source.shop.vault.keys}
  - {setting: app.salt}
  - {variable: Salt}
  - {function: vault_key}
allow_literal_keys: {reason: the data is made up, until: 2027-03-31}
functions:
  mask_email: part
  Vault.Tokenise: {class: keyed, roles: [value, ignore], reason: it calls the vault}
kinds:
  loyalty: {data_classification: restricted, sensitivity: low, identifies: false}
  loyalty.number:
    description: on the card
    aliases: [loyalty_no]
    domain: large
    low_entropy: true
    value: text
    min_length: 8
    allowed: true
    scan: false
    skip_reason: too short
    derivations: {region: {parts: left(1..2), identifies: false}}
policy:
  safe:
    clear: {default: error, loyalty_no: warn}
    partial: {derived: error, birth_year: note}
    signal: {equated: error}
    pseudonym: warn
  unzoned: {unknown: error}
rules: {PII001: {severity: warn}, STG001: off}
declassified:
  - node: model.shop.dim_author
    columns: pen_name
    kinds: [name]
    reason: " they agreed "
    by: DPO
    until: 2027-06-30
  - {node: model.shop.a, columns: "*", kinds: email, reason: they agreed, until: "2027-06-30"}
"""

Load = Callable[[str], Config]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Load a policy file of this text from a project's root."""

    def load_text(text: str) -> Config:
        (tmp_path / "pii_lint.yml").write_text(text, encoding="utf-8")
        return load_config(None, tmp_path)

    return load_text


# ---- what a file says --------------------------------------------------------------------------


def test_every_section_arrives_as_it_is_meant(load: Load) -> None:
    config = load(EVERYTHING)
    assert config.file == "pii_lint.yml"
    assert config.dialect == "duckdb"
    assert config.fail_on is Severity.WARN
    assert config.zones["safe"] == Zone(
        paths=("models/**/safe", "./models/gold"),
        schemas=("marts",),
        tags=("gold",),
        groups=("g",),
        access=("public", "protected"),
    )
    user = config.labels["source.shop.raw.raw_user"]
    assert user["email"] == LabelSpec("contact.email", line=15)
    assert user["email_sha"] == LabelSpec("contact.email", form="weak", line=16)
    assert user["payload"] == LabelSpec("personal", keys=("email", "phone"), line=17)
    assert "id" not in user
    assert config.clean == {"source.shop.raw.raw_user": frozenset({"id"})}
    assert config.labels["model.shop.dim_user.v2"]["Name"].kind == "person.name.full"
    assert config.secrets[0] == Secret("column", "source.shop.vault.salts.Salt", line=21)
    assert config.secret_settings == {"setting:app.salt", "variable:salt", "function:vault_key"}
    assert config.secret_columns == {
        ("source.shop.vault.salts", "salt"),
        ("source.shop.vault.keys", "*"),
    }
    assert config.allow_literal_keys is not None
    assert config.allow_literal_keys.until == date(2027, 3, 31)
    assert config.functions["mask_email"] == "part"
    assert config.functions["vault.tokenise"] == {
        "class": "keyed",
        "roles": ["value", "ignore"],
        "reason": "it calls the vault",
    }
    assert set(config.kinds) == {"loyalty", "loyalty.number"}
    assert config.rules == {"PII001": Severity.WARN, "STG001": Severity.OFF}
    first, second = config.declassified
    assert (first.columns, first.kinds, first.by) == (("pen_name",), ("person.name",), "DPO")
    assert first.reason == "they agreed"
    assert first.until == second.until == date(2027, 6, 30)
    assert (second.columns, second.kinds, second.by) == (("*",), ("contact.email",), None)


def test_a_cell_as_a_word_holds_whole_and_as_a_mapping_changes_parts(load: Load) -> None:
    row = load(EVERYTHING).policy["safe"]
    assert row["clear"] == Cell(Severity.ERROR, kinds={"loyalty.number": Severity.WARN})
    assert row["partial"] == Cell(
        Severity.ERROR, derived=Severity.ERROR, kinds={"person.birth_date.year": Severity.NOTE}
    )
    assert row["signal"] == Cell(Severity.OFF, equated=Severity.ERROR)
    assert row["pseudonym"] == Cell(Severity.WARN)
    assert row["weak"] == load_config().policy["safe"]["weak"]
    replaced = load("version: 1\npolicy: {safe: {partial: error, signal: off}}").policy["safe"]
    assert replaced["partial"] == Cell(Severity.ERROR)
    assert replaced["signal"] == Cell(Severity.OFF)


def test_a_zone_that_the_file_names_is_what_it_says_and_others_keep_their_default(
    load: Load,
) -> None:
    shipped = load_config()
    config = load("version: 1\nzones: {safe: {tags: [gold]}}")
    assert config.zones["safe"] == Zone(tags=("gold",))
    assert config.zones["restricted"] == shipped.zones["restricted"] != Zone()


def test_without_a_file_the_shipped_policy_holds(tmp_path: Path) -> None:
    assert load_config(None, tmp_path) == load_config() == load_config(None, None)
    config = load_config()
    assert config.file is None
    assert config.zones["safe"].paths == ("**/marts/safe",)
    assert config.fail_on is Severity.ERROR
    assert (config.labels, config.secrets, config.declassified, config.rules) == ({}, (), (), {})


def test_a_file_with_nothing_but_its_version_is_the_shipped_policy(load: Load) -> None:
    config = load("version: 1")
    assert (config.zones, config.policy) == (load_config().zones, load_config().policy)


def test_words_that_yaml_would_turn_into_something_else_stay_words(load: Load) -> None:
    config = load("version: 1\nrules: {PII001: off}\nzones: {safe: {tags: [no, on, 1e3, 12:30]}}")
    assert config.rules == {"PII001": Severity.OFF}
    assert config.zones["safe"].tags == ("no", "on", "1e3", "12:30")


@pytest.mark.parametrize("day", ["2027-03-31", '"2027-03-31"', "'2027-03-31'"])
def test_a_day_is_a_yaml_date_or_a_word(load: Load, day: str) -> None:
    config = load(f"version: 1\nallow_literal_keys: {{reason: demo, until: {day}}}")
    assert config.allow_literal_keys is not None
    assert config.allow_literal_keys.until == date(2027, 3, 31)


def test_a_byte_order_mark_is_no_trouble(tmp_path: Path) -> None:
    path = tmp_path / "pii_lint.yml"
    path.write_bytes(b"\xef\xbb\xbfversion: 1\nfail_on: note\n")
    assert load_config(path).fail_on is Severity.NOTE


def test_a_rule_that_nobody_ships_is_refused_once_the_rules_are_known(load: Load) -> None:
    config = load("version: 1\nrules:\n  PII001: off\n  PII012: off")
    config.refuse_unknown_rules(["PII001", "PII012"])
    with pytest.raises(ConfigError, match="4: there is no rule `PII012`; did you mean `PII002`"):
        config.refuse_unknown_rules(["PII001", "PII002"])


# ---- what a file may not say -------------------------------------------------------------------

# Broken in a way that the schema sees as well.
MISSHAPEN = {
    "unknown key at the top": ("zonse: {}", "2: unknown key `zonse`; did you mean `zones`?"),
    "unknown zone": ("zones: {sfae: {tags: [x]}}", "unknown key `sfae` in `zones`; did you mean"),
    "unknown selector": (
        "zones:\n  safe:\n    path: x",
        "4: unknown key `path` in `zones.safe`; did you mean `paths`?",
    ),
    "zone of nothing": ("zones: {safe: {}}", "at least one of paths"),
    "list of zones": ("zones: [safe]", "`zones` must be a mapping, not a list"),
    "word for zones": ("zones: safe", "`zones` must be a mapping, not a word"),
    "empty zones": ("zones:", "`zones` must be a mapping, not empty"),
    "mapping of paths": (
        "zones:\n  safe:\n    paths: {a: b}",
        "4: `zones.safe.paths` must be a path or a list of paths, not a mapping",
    ),
    "list in a list of paths": ("zones: {safe: {paths: [[a]]}}", "`zones.safe.paths[0]` must be"),
    "absolute path": ("zones: {safe: {paths: /models}}", "a path from the project's root"),
    "path out of the project": ("zones: {safe: {paths: a/../../b}}", "a path from the project's"),
    "backslashes": ("zones: {safe: {paths: 'models\\safe'}}", "with forward slashes"),
    "unknown access": ("zones: {safe: {access: publik}}", "did you mean `public`?"),
    "number as a tag": ("zones: {safe: {tags: [2024]}}", "must be a word, not a whole number"),
    "unknown dialect": ("dialect: duckbd", "did you mean `duckdb`?"),
    "fail on off": ("fail_on: off", "`fail_on` must be one of error, warn, note"),
    "label of no node": ("labels: {raw_user: {a: email}}", "dbt's unique id"),
    "labels in a list": ("labels: {source.a.b.c: [email]}", "a mapping from columns to kinds"),
    "label that is true": ("labels: {source.a.b.c: {x: true}}", "must be false"),
    "label without kind": ("labels: {source.a.b.c: {x: {form: weak}}}", "lacks `kind`"),
    "label of a wrong form": (
        "labels: {source.a.b.c: {x: {kind: email, form: clean}}}",
        "did you mean `clear`?",
    ),
    "label of no keys": ("labels: {source.a.b.c: {x: {kind: pii, keys: []}}}", "at least one"),
    "secret as a word": ("secrets: [salt]", "a mapping with one of column"),
    "secret of two sorts": (
        "secrets: [{setting: a, variable: b}]",
        "`secrets[0]` must be a mapping with one of",
    ),
    "secret of no sort": ("secrets: [{}]", "a mapping with one of column"),
    "secret column without a table": ("secrets: [{column: salt}]", "a unique id and a column"),
    "secrets in a mapping": ("secrets: {setting: a}", "`secrets` must be a list"),
    "literal keys without a day": ("allow_literal_keys: {reason: x}", "lacks `until`"),
    "literal keys as a switch": ("allow_literal_keys: true", "must be a mapping, not true or"),
    "blank reason": (
        'allow_literal_keys: {reason: " ", until: 2027-01-01}',
        "`allow_literal_keys.reason` must be a sentence",
    ),
    "unknown function class": ("functions: {f: kyed}", "did you mean `keyed`?"),
    "unknown role": ("functions: {f: {class: part, roles: [valeu]}}", "did you mean `value`?"),
    "function without a class": ("functions: {f: {reason: x}}", "`functions.f` lacks `class`"),
    "function of no name": ("functions: {'f(x)': part}", "must be a function's name"),
    "kind of no name": ("kinds: {Loyalty Card: {}}", "a dotted name in lower case"),
    "unknown attribute": ("kinds: {a: {sensitvity: low}}", "did you mean `sensitivity`?"),
    "boolean as a word": ("kinds: {a: {identifies: yes}}", "true or false, not a word"),
    "length of nothing": ("kinds: {a: {min_length: 0}}", "a whole number of at least 1"),
    "length that is true": ("kinds: {a: {min_length: true}}", "a whole number of at least 1"),
    "derivation without parts": ("kinds: {a: {derivations: {b: {}}}}", "lacks `parts`"),
    "unknown severity": ("policy: {safe: {clear: eror}}", "did you mean `error`?"),
    "severity as a list": ("policy: {safe: {clear: [error]}}", "`policy.safe.clear` must be"),
    "unknown form": ("policy: {safe: {cleer: error}}", "did you mean `clear`?"),
    "derived where nothing is": ("policy: {safe: {clear: {derived: off}}}", "isn't allowed here"),
    "equated where nothing is": ("policy: {safe: {partial: {equated: off}}}", "isn't allowed here"),
    "rule code": ("rules: {PII1: off}", "a rule's code, such as PII001"),
    "rule as a switch": ("rules: {PII001: false}", "a severity or a mapping with `severity`"),
    "rule of nothing": ("rules: {PII001: {}}", "`rules.PII001` lacks `severity`"),
    "declassified without reason": (
        "declassified:\n- {node: model.a.b, columns: c, kinds: email, until: 2027-01-01}",
        "3: `declassified[0]` lacks `reason`",
    ),
    "declassified without a day": (
        "declassified: [{node: model.a.b, columns: c, kinds: email, reason: x}]",
        "lacks `until`",
    ),
    "declassified without kinds": (
        "declassified: [{node: model.a.b, columns: c, kinds: [], reason: x, until: 2027-01-01}]",
        "a list of at least one word",
    ),
    "day in another order": (
        "declassified: [{node: model.a.b, columns: c, kinds: email, reason: x, until: 31.1.2027}]",
        "a day such as 2027-06-30",
    ),
    "day with a time": (
        "allow_literal_keys: {reason: x, until: 2027-01-01 10:00:00}",
        "a day such as 2027-06-30",
    ),
}

# Well shaped, and yet it means nothing.
MEANINGLESS = {
    "unknown kind in a cell": (
        "policy: {safe: {clear: {contact.emial: off}}}",
        "`policy.safe.clear.contact.emial` names no known kind; did you mean `contact.email`?",
    ),
    "unknown kind of a label": (
        "labels: {source.a.b.c: {x: emial}}",
        "`labels.source.a.b.c.x` names no known kind; did you mean `email`?",
    ),
    "unknown kind that resembles none": (
        "labels: {source.a.b.c: {x: zzzzzzzz}}",
        "names no known kind; describe it under `kinds`",
    ),
    "unknown kind that is declassified": (
        "declassified: [{node: model.a.b, columns: c, kinds: phnoe, reason: x, until: 2027-01-01}]",
        "did you mean `phone`?",
    ),
    "columns that differ in case": (
        "labels: {source.a.b.c: {Email: email, EMAIL: phone}}",
        "differs from another column in case only",
    ),
    "functions that differ in case": (
        "functions: {Mask: part, mask: copy}",
        "differs from another function in case only",
    ),
    "an alias that is taken": (
        "kinds:\n  club.code:\n    aliases: [email]",
        "3: `email` is an alias of both",
    ),
    "card codes let in": (
        "kinds:\n  financial.card_verification: {allowed: true}",
        "3: `financial.card_verification` is allowed nowhere, and no project can change that",
    ),
}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [*MISSHAPEN.values(), *MEANINGLESS.values()],
    ids=[*MISSHAPEN, *MEANINGLESS],
)
def test_a_mistake_is_one_sentence_with_file_and_line(load: Load, text: str, sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(f"version: 1\n{text}\n")
    message = str(caught.value)
    assert sentence in message
    assert re.fullmatch(r"pii_lint\.yml:\d+: .+[.?]", message)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "1: the file is empty; begin with `version: 1`."),
        ("# nothing yet\n", "the file is empty"),
        ("fail_on: error", "the file lacks `version`."),
        ("version: 2", "`version` must be the number 1."),
        ("version: '1'", "`version` must be the number 1, not a word."),
        ("version: true", "`version` must be the number 1, not true or false."),
        ("version: 1.0", "`version` must be the number 1, not a word."),
        ("- version", "the file must be a mapping that begins with `version: 1`, not a list."),
        ("version", "the file must be a mapping that begins with `version: 1`, not a word."),
    ],
)
def test_a_file_has_to_begin_with_its_version(load: Load, text: str, sentence: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(sentence)):
        load(text)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a: b: c", "1: the file isn't valid YAML: mapping values are not allowed"),
        ("version: 1\n\tzones: {}", "2: the file isn't valid YAML"),
        ('version: 1\nfail_on: "error', "the file isn't valid YAML: found unexpected end"),
        ("version: 1\nversion: 1", "2: the file repeats the key `version`"),
        ("version: 1\nzones:\n  safe: {tags: a, tags: b}", "3: the file repeats the key `tags`"),
        ("version: 1\n---\nversion: 1", "2: the file holds more than one YAML document"),
        ("version: 1\nkinds:\n  a: &a {}\n  b: *a", "3: the file holds a YAML anchor"),
        ("version: 1\nkinds: *a", "2: the file holds a YAML alias"),
        ("version: 1\nkinds: {<<: {a: {}}}", "must be a dotted name"),
        ("version: !!python/object:os.system 1", "1: the file holds a YAML tag"),
        ("version: ! 1", "1: the file holds a YAML tag"),
        ("version: 1\n? [a]\n: b", "2: the file uses a list or mapping as a key"),
        ("version: 1\nfail_on: \x1b[31m", "2: the file holds a control character"),
        ("version: 1\n\x00", "2: the file holds a control character"),
        ("version: 1\nkinds: " + "[" * 900_000, "2: the file nests deeper than 16 levels"),
        ("version: 1\nkinds: " + "{a: " * 40, "2: the file nests deeper than 16 levels"),
        ("version: 1\n#" + "x" * 1_000_000, "larger than a megabyte"),
    ],
)
def test_yaml_that_hides_something_is_refused(load: Load, text: str, sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(text)
    assert sentence in str(caught.value)
    assert len(str(caught.value)) < 250


def test_a_bomb_of_aliases_does_not_go_off(load: Load) -> None:
    lines = ["version: 1", "a0: &a0 [x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]
    with pytest.raises(ConfigError, match="2: the file holds a YAML anchor"):
        load("\n".join(lines))


def test_a_key_of_a_megabyte_is_cut_in_the_message(load: Load) -> None:
    with pytest.raises(ConfigError) as caught:
        load("version: 1\n? " + "k" * 990_000 + "\n: 1")
    assert "unknown key `kkk" in str(caught.value)
    assert len(str(caught.value)) < 400


def test_a_key_cannot_write_on_the_terminal(load: Load) -> None:
    with pytest.raises(ConfigError) as caught:
        load('version: 1\n"a\\e[31m\\nb\\u202e": 1')
    assert "unknown key `a?[31m?b?`" in str(caught.value)


def test_a_wrong_value_is_never_repeated(load: Load) -> None:
    for text in ("secrets: [hunter2-hunter2]", "secrets: [{column: hunter2-hunter2}]"):
        with pytest.raises(ConfigError) as caught:
            load(f"version: 1\n{text}")
        assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("content", [b"version: 1\nfail_on: \xff", "version: 1\n".encode("utf-16")])
def test_a_file_in_another_encoding_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "pii_lint.yml"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match="the file isn't UTF-8 text; save it as UTF-8"):
        load_config(path)


def test_a_day_that_no_calendar_has_is_refused(load: Load) -> None:
    with pytest.raises(ConfigError, match="2: `allow_literal_keys.until` is a day that no calend"):
        load("version: 1\nallow_literal_keys: {reason: x, until: 2027-02-30}")


def test_a_missing_file_and_a_folder_are_no_policy(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"There is no policy file nowhere\.yml"):
        load_config(tmp_path / "nowhere.yml", tmp_path)
    (tmp_path / "pii_lint.yml").mkdir()
    with pytest.raises(ConfigError, match=r"pii_lint\.yml can't be read"):
        load_config(None, tmp_path)


@pytest.mark.parametrize("name", ["pii_lint.yaml", "pii-lint.yml", ".pii_lint.yml"])
def test_a_policy_under_another_name_is_not_passed_over(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("version: 1")
    with pytest.raises(ConfigError, match=r"call the policy file pii_lint\.yml"):
        load_config(None, tmp_path)
    # asked for by name, it is read
    assert load_config(tmp_path / name, tmp_path).file == name


# ---- the schema for editors --------------------------------------------------------------------


def test_the_schema_is_a_valid_schema() -> None:
    jsonschema.Draft7Validator.check_schema(dict(schema()))


def test_the_schema_speaks_the_tool_s_own_words() -> None:
    properties, definitions = schema()["properties"], schema()["definitions"]
    assert isinstance(properties, dict)
    assert isinstance(definitions, dict)
    assert tuple(definitions["row"]["properties"]) == tuple(form.word for form in Form)
    assert set(properties["zones"]["properties"]) == set(ZONES)
    assert set(properties["policy"]["properties"]) == {*ZONES, "unzoned"}
    assert definitions["severity"]["enum"] == [severity.value for severity in Severity]
    assert set(definitions["function_class"]["enum"]) == set(CLASSES)
    function = definitions["function"]["anyOf"][1]["properties"]
    assert set(function["roles"]["items"]["enum"]) == set(ROLES)


@pytest.mark.parametrize("text", [EVERYTHING, "version: 1"])
def test_what_the_tool_reads_the_schema_allows(load: Load, text: str) -> None:
    load(text)
    assert VALIDATOR.is_valid(read_yaml(text).value)


@pytest.mark.parametrize("text", [text for text, _ in MISSHAPEN.values()], ids=list(MISSHAPEN))
def test_what_the_tool_refuses_for_its_shape_the_schema_refuses_too(text: str) -> None:
    assert not VALIDATOR.is_valid(read_yaml(f"version: 1\n{text}").value)


@pytest.mark.parametrize("text", [text for text, _ in MEANINGLESS.values()], ids=list(MEANINGLESS))
def test_what_only_the_tool_can_know_the_schema_allows(text: str) -> None:
    assert VALIDATOR.is_valid(read_yaml(f"version: 1\n{text}").value)


FULL = read_yaml(EVERYTHING).value
SCALARS = (None, True, False, 0, 1, -1, "", " ", "error", "off", "email", "x.y", "2027-01-01", "*")
LISTS: tuple[list[object], ...] = ([], ["a"], [1], [[]])
MAPPINGS: tuple[dict[str, str], ...] = (
    {},
    {"kind": "email"},
    {"default": "off"},
    {"severity": "warn"},
    {"paths": "a"},
    {"class": "part"},
    {"column": "seed.a.b.c"},
    {"parts": "year"},
)
STRANGE = st.sampled_from([*SCALARS, *LISTS, *MAPPINGS])


def _places(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    yield path
    if isinstance(value, Mapping):
        for key, each in value.items():
            yield from _places(each, (*path, key))
    elif isinstance(value, list):
        for position, each in enumerate(value):
            yield from _places(each, (*path, position))


PLACES = sorted(_places(FULL), key=str)


@settings(max_examples=150, deadline=None)
@given(
    place=st.sampled_from([place for place in PLACES if place]),
    strange=STRANGE,
    how=st.sampled_from(["replace", "remove", "add"]),
    key=st.sampled_from(["kind", "default", "derived", "equated", "paths", "x", "X.Y", "PII009"]),
)
def test_schema_and_tool_agree_on_the_shape_of_anything(
    place: tuple[str | int, ...], strange: object, how: str, key: str
) -> None:
    changed: object = copy.deepcopy(FULL)
    around = changed
    for step in place[:-1]:
        around = around[step]  # type: ignore[index]
    if how == "remove":
        del around[place[-1]]  # type: ignore[attr-defined]
    elif how == "add" and isinstance(around, dict):
        around[key] = strange
    else:
        around[place[-1]] = strange  # type: ignore[index]
    fits = not list(misfits(changed, schema(), schema()["definitions"]))
    assert fits == VALIDATOR.is_valid(changed)


# ---- the files that ship -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "folder", [".", "tests/projects/wt07", "tests/projects/wt07_fixed"], ids=lambda name: str(name)
)
def test_the_repository_s_own_policies_load(folder: str) -> None:
    config = load_config(ROOT / folder / "pii_lint.yml", ROOT / folder)
    assert config.zones["safe"].paths == ("models/marts/safe",)


def test_acme_lets_nothing_readable_leave_staging_and_names_its_salt() -> None:
    config = load_config(None, ROOT)
    assert config.policy["staging"]["clear"] == Cell(Severity.ERROR)
    assert config.policy["intermediate"]["clear"] == Cell(Severity.ERROR)
    assert config.secret_columns == {("source.pii_lint.pii_secrets.pii_salt", "salt")}
    assert config.allow_literal_keys is None


def test_every_example_on_the_policy_page_loads(load: Load) -> None:
    page = (ROOT / "docs" / "policy.md").read_text(encoding="utf-8")
    examples = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    assert len(examples) > 8
    for example in examples:
        load(example)


def test_the_policy_page_explains_every_key() -> None:
    page = (ROOT / "docs" / "policy.md").read_text(encoding="utf-8")
    properties = schema()["properties"]
    assert isinstance(properties, dict)
    assert [key for key in properties if not re.search(rf"^{key}:", page, re.MULTILINE)] == []
