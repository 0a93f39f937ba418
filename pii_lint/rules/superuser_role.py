from __future__ import annotations

import re
from collections.abc import Iterator

from pii_lint.artifacts.project_files import setting_files
from pii_lint.artifacts.settings import Setting, settings
from pii_lint.data.secrets import literals, secret_words
from pii_lint.findings import Finding
from pii_lint.rules._facts import Facts
from pii_lint.rules._findings import finding
from pii_lint.rules._real_data import hidden_place
from pii_lint.rules._rule import rule

_ROLE = re.compile(r"(.*_)?roles?|privileges?", re.IGNORECASE)


@rule("SEC004", since="0.1")
def superuser_role(facts: Facts) -> Iterator[Finding]:
    """A profile signs in with a role that may do anything.

    **Why.** Grants and masking policies don't bind an administrator: every model that dbt builds
    with such a role could read, and hand on, whatever there is. The accounts that a server is born
    with count too, unless the server is the developer's own.

    **Fix.** Give dbt a role of its own that may read the sources and write its own schemas.

    ### Flagged
    ```yaml
    # profiles.yml
    shop:
      outputs:
        prod: {type: snowflake, account: shop, user: dbt, role: ACCOUNTADMIN}
    ```

    ### Flagged: the account that the server was born with
    ```yaml
    # profiles.yml
    shop:
      outputs:
        prod: {type: postgres, host: db.shop.internal, user: postgres}
    ```

    ### Clean
    ```yaml
    # profiles.yml
    shop:
      outputs:
        prod: {type: snowflake, account: shop, user: dbt, role: TRANSFORMER_PROD}
        dev: {type: postgres, host: localhost, user: postgres}
    ```
    """
    if facts.project_dir is None:
        return
    for file, text in setting_files(facts.project_dir):
        if not file.lower().startswith("profiles"):
            continue
        found = settings(text)
        hosts = {setting.path[:-1]: setting for setting in found if setting.key == "host"}
        for setting in found:
            if _mighty(setting, hosts.get(setting.path[:-1])):
                where = ".".join(setting.path)
                yield finding(
                    facts,
                    superuser_role,
                    file,
                    where,
                    f"`{where}` in {file} is an administrator's.",
                    location=hidden_place(file, setting.line),
                )


def _mighty(setting: Setting, host: Setting | None) -> bool:
    known = secret_words()
    given = literals(setting.value)
    if _ROLE.fullmatch(setting.key):
        return any(known.superuser_roles.fullmatch(role) for role in given)
    if setting.key.lower() not in ("user", "username") or host is None:
        return False
    servers = literals(host.value)
    own = not servers or any(known.own_servers.fullmatch(server) for server in servers)
    return not own and any(known.superuser_accounts.fullmatch(account) for account in given)
