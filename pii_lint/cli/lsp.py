"""`pii-lint lsp`: findings, hover and fixes in an editor."""

from __future__ import annotations

from importlib.util import find_spec

import click

from pii_lint.errors import ConfigError

LEFT = 1
"""As the protocol has it, for an editor that goes without a `shutdown`."""


@click.command()
@click.option("--stdio", is_flag=True, hidden=True)  # editors give it to any server
def lsp(stdio: bool) -> int:  # noqa: ARG001
    """Serve an editor over the standard streams, by the language server protocol.

    An editor starts it; docs/editors.md says how. It needs the extra `lsp`.
    """
    if find_spec("pygls") is None:
        raise ConfigError(
            "The language server isn't installed: run `pip install 'pii-lint[lsp]'` in the "
            "environment that your editor starts pii-lint from."
        )
    from pii_lint.editor.server import serve

    return 0 if serve() else LEFT
