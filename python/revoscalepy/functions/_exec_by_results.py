"""The results of :func:`rx_exec_by`; apart, since a class of pandas needs pandas."""

from __future__ import annotations

from typing import Any

import pandas as pd

from revoscalepy._tasks import RxTaskError


class RxExecByResults(pd.DataFrame):  # type: ignore[misc]
    """What :func:`rx_exec_by` returns: a row for each group.

    The index has the keys, ``result`` what the function returned (``None`` where it failed), ``status`` ``"OK"`` or the
    :class:`RxTaskError`.
    """

    @property
    def _constructor(self) -> type[RxExecByResults]:
        return RxExecByResults

    def to_dataframe(self) -> pd.DataFrame:
        """Return a plain DataFrame with the keys as columns."""
        return pd.DataFrame(self).reset_index()


def of_results(keys: pd.DataFrame, results: list[Any]) -> RxExecByResults:
    """The results in the order of the keys."""
    columns = [str(name) for name in keys.columns]
    failed = [isinstance(result, RxTaskError) for result in results]
    index = (
        pd.Index(keys[columns[0]], name=columns[0])
        if len(columns) == 1
        else pd.MultiIndex.from_frame(keys.reset_index(drop=True))
    )
    result, status = _column(len(results)), _column(len(results))
    for row, value in enumerate(results):
        result.iloc[row] = None if failed[row] else value
        status.iloc[row] = value if failed[row] else "OK"
    frame = pd.DataFrame({"result": result, "status": status})
    frame.index = index
    return RxExecByResults(frame)


def _column(length: int) -> pd.Series:
    return pd.Series([None] * length, dtype="object")
