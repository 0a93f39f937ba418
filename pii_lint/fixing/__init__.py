"""What lineage knows, written into the YAML of sources, models, snapshots and seeds."""

from pii_lint.fixing.model import FileChange, Fix, Paste
from pii_lint.fixing.plan import fix

__all__ = ["FileChange", "Fix", "Paste", "fix"]
