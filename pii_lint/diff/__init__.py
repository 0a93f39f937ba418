"""Two states of a project compared: new flows, and a gate that was weakened."""

from pii_lint.diff.compare import State, compare
from pii_lint.diff.model import Change, Diff, FlowChange, GateChange

__all__ = ["Change", "Diff", "FlowChange", "GateChange", "State", "compare"]
