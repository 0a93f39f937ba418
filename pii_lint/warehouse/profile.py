"""Which database a dbt profile means; of its templates only `env_var` is read."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from pii_lint.errors import ConfigError

_ENV_VAR = re.compile(
    r"\{\{\s*env_var\(\s*(?P<quote>['\"])(?P<name>\w+)(?P=quote)\s*"
    r"(?:,\s*(?P<mark>['\"])(?P<default>[^'\"]*)(?P=mark)\s*)?\)\s*"
    # a filter that only says what type the text is to become
    r"(?:\|\s*(?:as_number|as_native|as_text|int|string)\s*)?\}\}"
)


@dataclass(frozen=True, slots=True)
class Target:
    """One target of a profile. Its values may be secrets, so that `repr` shows none."""

    profile: str
    name: str
    file: Path
    engine: str
    # the adapter's name: duckdb, postgres, spark, ...
    values: Mapping[str, object] = field(repr=False)
    # as written, templates and all
    _environ: Mapping[str, str] = field(repr=False)

    def text(self, key: str) -> str | None:
        """A value of it, with its variables filled in."""
        return _text(self.values, key, self.file, self._environ)

    def texts(self, key: str) -> Mapping[str, str]:
        """A table of values, each with its variables filled in; empty where there is none."""
        given = self.values.get(key)
        table = given if isinstance(given, dict) else {}
        texts = ((str(name), _text(table, name, self.file, self._environ)) for name in table)
        return {name: text for name, text in texts if text is not None}


def find_target(
    project_dir: Path,
    *,
    profiles_dir: Path | None = None,
    target: str | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Target:
    """The target that dbt would build in."""
    project_file = project_dir / "dbt_project.yml"
    profile_name = _text(_load(project_file), "profile", project_file, environ)
    if profile_name is None:
        raise ConfigError(f"{project_file} names no profile: add `profile:`, or give --database.")
    profiles_file = _profiles_file(profiles_dir)
    profile = _table(_load(profiles_file), profile_name, f"profile {profile_name}", profiles_file)
    name = target or _text(profile, "target", profiles_file, environ) or "default"
    outputs = _table(profile, "outputs", f"`outputs` in profile {profile_name}", profiles_file)
    output = _table(outputs, name, f"target {name} in profile {profile_name}", profiles_file)
    engine = _text(output, "type", profiles_file, environ) or "no type"
    return Target(profile_name, name, profiles_file, engine, output, environ)


def duckdb_path(
    project_dir: Path,
    *,
    profiles_dir: Path | None = None,
    target: str | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Path:
    """The database file of the project's profile; a relative one is left so, as dbt takes it."""
    found = find_target(project_dir, profiles_dir=profiles_dir, target=target, environ=environ)
    if found.engine != "duckdb":
        raise ConfigError(
            f"Target {found.name} in {found.file} is of type {found.engine}, and this works on "
            "DuckDB only: choose another --target, or give --database."
        )
    return file_of(found)


def file_of(target: Target) -> Path:
    """The file that a target on DuckDB writes to."""
    path = target.text("path")
    if path is None or path == ":memory:" or re.match(r"\w{2,}:", path):
        raise ConfigError(
            f"Target {target.name} in {target.file} names no file that lasts: give `path:` "
            "the path of a DuckDB file, or give --database."
        )
    return Path(path)


def _profiles_file(profiles_dir: Path | None) -> Path:
    """Where dbt looks, in its order: here, not in the project's folder."""
    folders = [profiles_dir] if profiles_dir else [Path(), Path.home() / ".dbt"]
    for folder in folders:
        if (folder / "profiles.yml").is_file():
            return folder / "profiles.yml"
    looked = str(profiles_dir) if profiles_dir else "this folder and in ~/.dbt"
    raise ConfigError(
        f"There is no profiles.yml in {looked}: copy profiles.example.yml there, "
        "name its folder with --profiles-dir, or give --database."
    )


def _load(file: Path) -> Mapping[str, object]:
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(
            f"There is no {file}: name the dbt project's folder with --project-dir, "
            "or give --database."
        ) from None
    except (OSError, UnicodeDecodeError):
        raise ConfigError(
            f"{file} can't be read as UTF-8 text: check its rights and encoding."
        ) from None
    except yaml.YAMLError as error:
        # Without the parser's own words, which quote the line: it may hold a password.
        mark = getattr(error, "problem_mark", None)
        line = f" at line {mark.line + 1}" if mark else ""
        raise ConfigError(f"{file} isn't valid YAML{line}: mend it there.") from None
    return content if isinstance(content, dict) else {}


def _table(content: Mapping[str, object], key: str, what: str, file: Path) -> Mapping[str, object]:
    value = content.get(key)
    if not isinstance(value, dict):
        raise ConfigError(f"{file} holds no {what}: add it, or give --database.")
    return value


def _text(
    content: Mapping[str, object], key: str, file: Path, environ: Mapping[str, str]
) -> str | None:
    value = content.get(key)
    if value is None:
        return None

    def fill(match: re.Match[str]) -> str:
        found = environ.get(match["name"], match["default"])
        if found is None:
            raise ConfigError(
                f"`{key}` in {file} needs the environment variable {match['name']}: set it, "
                "or give --database."
            )
        return found

    text = _ENV_VAR.sub(fill, str(value))
    if "{{" in text or "{%" in text:
        raise ConfigError(
            f"`{key}` in {file} is a template of more than env_var, which isn't read here: "
            "give --database."
        )
    return text
