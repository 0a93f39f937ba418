"""Access as code: what the warehouse enforces, written from the inventory and the policy."""

from __future__ import annotations
