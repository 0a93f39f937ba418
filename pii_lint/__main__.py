"""`python -m pii_lint` does what `pii-lint` does."""

from __future__ import annotations

import sys

from pii_lint.cli import main

if __name__ == "__main__":
    sys.exit(main())
