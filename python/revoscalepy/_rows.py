"""How many rows are read."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

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
    _warn(most, limit, argument)
    return first, first + most


def first_rows(source: _native.Source, offset: int, end: int, options: Mapping[str, Any]) -> Any:
    """The rows that come out of a source from ``offset``, from 0, to before ``end``, as an Arrow table."""
    import pyarrow as pa

    tables, first = [], 0
    reader = source.reader(options)
    while first < end and (block := reader.next(options)) is not None:
        table = pa.table(block[0])
        start = max(offset - first, 0)
        tables.append(table.slice(start, max(end - first - start, 0)))
        first += table.num_rows
    reader.close()
    if not tables:
        return pa.table(source.read(options))
    return pa.concat_tables(tables).unify_dictionaries()


def read_limited(source: _native.Source, options: Mapping[str, Any], limit: int | None, argument: str) -> Any:
    """The table of a source, of which rows times columns stay within ``limit``, with a warning where they would not."""
    most = None if limit is None or limit < 0 else limit // max(len(source.names()), 1)
    total = source.info()["rows"]
    if options["rows"] is not None:
        first, end = options["rows"]
        total = max(min(end, end if total is None else total) - first, 0)
    if most is None or (total is not None and total <= most):
        return source.read(options)
    table = first_rows(source, 0, most + 1, options)
    if table.num_rows > most:
        _warn(most, limit, argument)
    return table.slice(0, most)


def _warn(most: int, limit: int | None, argument: str) -> None:
    warnings.warn(
        f"only the first {most} rows are returned, because of {argument}={limit}; "
        "give a larger one, fewer columns, or an output file",
        stacklevel=4,
    )
