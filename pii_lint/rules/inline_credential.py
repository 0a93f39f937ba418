from __future__ import annotations

from collections.abc import Iterator

from pii_lint.artifacts.project_files import setting_files
from pii_lint.artifacts.settings import settings
from pii_lint.data.secrets import is_inline, shapes_in
from pii_lint.findings import Finding
from pii_lint.rules._facts import Facts
from pii_lint.rules._findings import finding
from pii_lint.rules._real_data import hidden_place
from pii_lint.rules._rule import rule

_YAML = (".yml", ".yaml")


@rule("SEC002", since="0.1")
def inline_credential(facts: Facts) -> Iterator[Finding]:
    """A password, token or key stands in a profile or project file.

    **Why.** Whoever gets a copy of the project gets the warehouse, with every mask undone. Looked
    at are `profiles*.yml`, `dbt_project.yml`, `packages.yml` and the like, and key files that lie
    beside them. The value is never shown.

    **Fix.** Write `"{{ env_var('NAME') }}"`, let a secrets manager fill it, and replace the
    credential that was exposed.

    ### Flagged
    ```yaml
    # profiles.yml
    shop:
      outputs:
        prod: {type: postgres, host: db.internal, user: loader, password: hunter2-and-more}
    ```

    ### Flagged: known by its shape
    ```yaml
    # packages.yml
    packages:
      - git: https://loader:hunter2-and-more@git.internal/shop/macros.git
    ```

    ### Clean
    ```yaml
    # profiles.yml
    shop:
      outputs:
        prod:
          type: postgres
          host: db.internal
          user: loader
          password: "{{ env_var('SHOP_PASSWORD') }}"
    ```
    """
    if facts.project_dir is None:
        return
    for file, text in setting_files(facts.project_dir):
        told: set[int] = set()
        for setting in settings(text) if file.lower().endswith(_YAML) else ():
            shape = next((name for name, _ in shapes_in(setting.value)), None)
            if shape is None and not is_inline(setting.key, setting.value):
                continue
            told.add(setting.line)
            what = f"a {shape}" if shape else "a credential that is written out"
            where = ".".join(setting.path)
            yield _told(facts, file, where, f"`{where}` in {file} is {what}.", setting.line)
        for shape, start in shapes_in(text):
            line = text.count("\n", 0, start) + 1
            # a block of text begins a line below its key
            if line not in told and line - 1 not in told:
                yield _told(facts, file, shape, f"{file} holds a {shape}.", line)


def _told(facts: Facts, file: str, where: str, message: str, line: int) -> Finding:
    place = hidden_place(file, line)
    return finding(facts, inline_credential, file, where, message, location=place)
