"""How many rows are read."""

from __future__ import annotations

import warnings

from revoscalepy import _native


def limit_values(
    source: _native.Source,
    rows: tuple[int, int],
    limit: int | None,
    argument: str,
) -> tuple[int, int]:
    """The rows (first, from 0, and end) cut so that rows times columns stay within ``limit``, with a warning."""
    first, end = rows
    if limit is None or limit < 0:
        return rows
    total = source.info()["rows"]
    if total is not None:
        end = min(end, total)
    most = limit // max(len(source.names()), 1)
    if end - first <= most:
        return first, end
    warnings.warn(
        f"only the first {most} rows are returned, because of {argument}={limit}; "
        "give a larger one, fewer columns, or an output file",
        stacklevel=3,
    )
    return first, first + most
