"""Whole numbers with a given sum and a given sum of squares, in given bounds."""

from __future__ import annotations

from typing import Any

import numpy as np

#: how far apart the two numbers of a usual pair are that is moved to change the sum of squares
GAP = 30


def calibrated(draws: Any, total: int, squares: float, low: int, high: int) -> Any:
    """Integers like ``draws`` with the sum ``total``, and the sum of squares ``squares`` to within one.

    The draws are shifted and scaled, rounded and clipped, and the least and the largest set to the bounds; then numbers
    are moved by one until the sum is right, and pairs of them against each other until the squares are.
    """
    values = draws.astype("float64")
    ends = [values.argmin(), values.argmax()]
    rest = np.setdiff1d(np.arange(len(values)), ends)
    mean = (total - low - high) / len(rest)
    spread = np.sqrt(max((squares - low**2 - high**2) / len(rest) - mean**2, 0.0))
    inner = values[rest]
    for _ in range(12):
        # clipping takes from the spread, so that it is set again
        inner = np.clip((inner - inner.mean()) / inner.std() * spread + mean, low + 2, high - 2)
    values[rest], values[ends] = inner, (low, high)
    found = np.rint(values).astype("int64")
    inner = np.flatnonzero((found > low + 2) & (found < high - 2))
    missing = total - int(found.sum())
    while missing:
        step = inner[: abs(missing)]
        found[step] += np.sign(missing)
        missing -= int(np.sign(missing)) * len(step)
    wanted = round(squares)
    # a sum and the sum of its squares are both even or both odd
    wanted += (wanted - total) % 2
    _spread(found, wanted - int((found**2).sum()), low, high)
    return found


def _spread(found: Any, change: int, low: int, high: int) -> None:
    """Change the sum of squares by an even number, and not the sum."""
    outward = change > 0
    each = 2 * GAP + 2 if outward else 2 * GAP - 2
    pairs, rest = divmod(abs(change), each)
    base = int(np.median(found))
    upper, lower = base + GAP // 2, base - GAP // 2
    # a number that was moved once stays where it is
    free = (found > low + 1) & (found < high - 1)
    while pairs:
        up, down = (np.flatnonzero(free & (found == value))[:pairs] for value in (upper, lower))
        count = min(len(up), len(down))
        if count == 0:
            upper, lower = upper - 1, lower - 1
            if lower <= low + 1:
                raise ValueError("the numbers are too few for this sum of squares")
            continue
        _move(found, free, up[:count], down[:count], outward)
        pairs -= count
    if rest:
        gap = rest // 2 - 1 if outward else rest // 2 + 1
        for lower in range(base - gap // 2, low + 1, -1):
            up, down = (np.flatnonzero(free & (found == value))[:2] for value in (lower + gap, lower))
            if len(up) and len(down) and up[0] != down[-1]:
                _move(found, free, up[:1], down[-1:], outward)
                return
        raise ValueError("the numbers are too few for this sum of squares")


def _move(found: Any, free: Any, up: Any, down: Any, outward: bool) -> None:
    found[up] += 1 if outward else -1
    found[down] -= 1 if outward else -1
    free[up] = free[down] = False
