"""What all data sources have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from revoscalepy._arguments import kept
from revoscalepy._frames import to_pandas
from revoscalepy._source import one_pass

if TYPE_CHECKING:
    import pandas as pd

    from revoscalepy import _native


class RxDataSource:
    """A description of data; nothing is read before it is used.

    :param column_info: column name to a dictionary of properties (type, newName, levels, ...); sources say which.
    """

    def __init__(self, column_info: dict[str, dict[str, Any]] | None = None) -> None:
        self.column_info = column_info

    def _open(self) -> _native.Source:
        raise TypeError(f"{type(self).__name__} cannot be read; use RxXdfData or RxTextData")

    def head(self, num_rows: int = 6, report_progress: int | None = 0) -> pd.DataFrame:
        """Return the first ``num_rows`` rows as a DataFrame."""
        return to_pandas(self._open().read(one_pass(rows=(0, max(num_rows, 0)))))

    def tail(self, num_rows: int = 6, report_progress: int | None = 0) -> pd.DataFrame:
        """Return the last ``num_rows`` rows as a DataFrame; a source that does not know its length is read whole."""
        source = self._open()
        total = source.info()["rows"]
        if total is None:
            return to_pandas(source.read(one_pass())).tail(num_rows).reset_index(drop=True)
        return to_pandas(source.read(one_pass(rows=(max(total - max(num_rows, 0), 0), total))))

    @staticmethod
    def _projected(
        source: _native.Source,
        vars_to_keep: str | list[str] | None,
        vars_to_drop: str | list[str] | None,
    ) -> _native.Source:
        columns = kept(source.names(), vars_to_keep, vars_to_drop)
        return source if columns is None else source.project(columns)
