"""The order of linking: strongly connected groups, dependencies first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator


def groups(
    nodes: Iterable[str], reads: Callable[[str], Iterable[str]]
) -> Iterator[tuple[str, ...]]:
    """Strongly connected components of `node -> what it reads`, each after all that it reads.

    Tarjan's algorithm without recursion. `reads` is asked once a node, shortly before its turn, so
    that what it parses needn't be kept for long.
    """
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    on_stack: set[str] = set()
    for root in nodes:
        if root in index:
            continue
        work = [_entered(root, index, low, stack, on_stack, reads)]
        while work:
            node, rest = work[-1]
            for below in rest:
                if below not in index:
                    work.append(_entered(below, index, low, stack, on_stack, reads))
                    break
                if below in on_stack:
                    low[node] = min(low[node], index[below])
            else:
                work.pop()
                if work:
                    above = work[-1][0]
                    low[above] = min(low[above], low[node])
                if low[node] == index[node]:
                    yield _component(node, stack, on_stack)


def _entered(
    node: str,
    index: dict[str, int],
    low: dict[str, int],
    stack: list[str],
    on_stack: set[str],
    reads: Callable[[str], Iterable[str]],
) -> tuple[str, Iterator[str]]:
    index[node] = low[node] = len(index)
    stack.append(node)
    on_stack.add(node)
    return node, iter(reads(node))


def _component(node: str, stack: list[str], on_stack: set[str]) -> tuple[str, ...]:
    group: list[str] = []
    while True:
        member = stack.pop()
        on_stack.discard(member)
        group.append(member)
        if member == node:
            return tuple(sorted(group))
