"""A project's privacy policy: pii_lint.yml."""

from pii_lint.config.load import as_written, load_config, schema
from pii_lint.config.model import (
    POLICY_FILE,
    UNZONED,
    Cell,
    Config,
    Declassified,
    Ignored,
    LabelSpec,
    Secret,
    SmallestGroup,
    Waiver,
    Zone,
)

__all__ = [
    "POLICY_FILE",
    "UNZONED",
    "Cell",
    "Config",
    "Declassified",
    "Ignored",
    "LabelSpec",
    "Secret",
    "SmallestGroup",
    "Waiver",
    "Zone",
    "as_written",
    "load_config",
    "schema",
]
