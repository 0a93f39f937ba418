"""What can go wrong before a verdict, and the exit code each carries.

Exit codes: 0 clean, 1 findings, 2 usage or configuration, 3 unusable artifacts, 4 internal error.
A message is one sentence: what is wrong, where, how to mend it.
"""


class PiiLintError(Exception):
    """Base of every error that is the caller's to mend."""

    exit_code = 4


class ConfigError(PiiLintError):
    """The command line, the policy file or the project's set-up is wrong."""

    exit_code = 2


class ArtifactError(PiiLintError):
    """A dbt artifact is missing, truncated, stale, foreign or without compiled SQL."""

    exit_code = 3


class StaleManifest(ArtifactError):
    """The project's files say something else than when dbt read them."""

    def __init__(self, sentence: str, files: tuple[str, ...]) -> None:
        super().__init__(sentence)
        self.files = files
        # those that differ, from the project's root
