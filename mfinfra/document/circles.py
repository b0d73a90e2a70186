"""The circles of a graph, each told in one way only."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator, Mapping

from mfinfra.model import Address


def circles(links: Mapping[Address, Collection[Address]]) -> Iterator[tuple[Address, ...]]:
    """One circle for every knot of addresses that reach each other: the shortest through its smallest address.

    It starts and ends with that address. What refers to itself only is none: it needs nothing but itself.
    """
    done: set[Address] = set()
    links = _knotted(links)
    back = _backward(links)
    for start in sorted(links):
        if start in done:
            continue
        circle = _shortest(links, start)
        if circle:
            yield circle
            done |= _reached(links, start) & _reached(back, start)


def _knotted(links: Mapping[Address, Collection[Address]]) -> dict[Address, set[Address]]:
    """The links without those from which no circle can be reached: usually none is left."""
    left = {address: set(after) & links.keys() - {address} for address, after in links.items()}
    before = _backward(left)
    loose = [address for address, after in left.items() if not after]
    while loose:
        address = loose.pop()
        del left[address]
        for user in before[address]:
            left[user].discard(address)
            if not left[user]:
                loose.append(user)
    return left


def _backward(links: Mapping[Address, Collection[Address]]) -> dict[Address, set[Address]]:
    back: dict[Address, set[Address]] = {address: set() for address in links}
    for address, after in links.items():
        for target in after:
            back[target].add(address)
    return back


def _shortest(links: Mapping[Address, Collection[Address]], start: Address) -> tuple[Address, ...]:
    queue: deque[tuple[Address, ...]] = deque([(start,)])
    seen: set[Address] = set()
    while queue:
        path = queue.popleft()
        for after in sorted(links.get(path[-1], ())):
            if after == start and len(path) > 1:
                return (*path, start)
            if after not in seen and after != start:
                seen.add(after)
                queue.append((*path, after))
    return ()


def _reached(links: Mapping[Address, Collection[Address]], start: Address) -> set[Address]:
    seen: set[Address] = set()
    ahead = [start]
    while ahead:
        for after in links.get(ahead.pop(), ()):
            if after not in seen:
                seen.add(after)
                ahead.append(after)
    return seen
