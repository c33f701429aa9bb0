"""What all data sources have in common."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from revoscalepy._arguments import kept
from revoscalepy._frames import to_arrays, to_pandas
from revoscalepy._source import one_pass

if TYPE_CHECKING:
    import pandas as pd
    from typing_extensions import Self

    from revoscalepy import _native


class RxDataSource:
    """A description of data; nothing is read before it is used.

    It can be read a block at a time: ``for block in source``, or ``open``, ``read_next`` until it returns ``None``,
    and ``close``, which a ``with`` statement does by itself. A block is a DataFrame, or a dictionary of numpy arrays
    where the source has ``return_data_frame=False``.

    :param column_info: column name to a dictionary of properties (type, newName, levels, ...); sources say which.
    """

    #: the pass that ``open`` began
    _blocks: _native.Reader | None = None

    def __init__(self, column_info: dict[str, dict[str, Any]] | None = None) -> None:
        self.column_info = column_info

    def _open(self) -> _native.Source:
        raise TypeError(f"{type(self).__name__} cannot be read; use RxXdfData or RxTextData")

    def _block_rows(self, source: _native.Source) -> int | None:
        """Rows of a block where it is read block by block; ``None`` for as many as the engine likes."""
        return getattr(self, "rows_per_read", None)

    def _shaped(self, table: _native.Table) -> Any:
        """A table as this source gives rows out."""
        return to_pandas(table) if getattr(self, "return_data_frame", True) else to_arrays(table)

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

    def open(self) -> Self:
        """Begin to read from the first row; an earlier pass ends."""
        self.close()
        source = self._open()
        self._blocks = source.reader(one_pass(block_rows=self._block_rows(source)))
        return self

    def is_open(self) -> bool:
        """Return whether ``read_next`` can be called."""
        return self._blocks is not None

    def read_next(self) -> Any:
        """Return the next block, ``None`` behind the last.

        :raises ValueError: when the source is not open.
        """
        if self._blocks is None:
            raise ValueError(f"{self!r} is not open; call open() first")
        block = self._blocks.next(one_pass())
        return None if block is None else self._shaped(block[0])

    def close(self) -> None:
        """End the pass, if there is one."""
        if self._blocks is not None:
            self._blocks.close()
            self._blocks = None

    def __enter__(self) -> Self:
        return self.open()

    def __exit__(self, *_error: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[Any]:
        """Yield the blocks of a pass of its own."""
        source = self._open()
        reader = source.reader(one_pass(block_rows=self._block_rows(source)))
        try:
            while (block := reader.next(one_pass())) is not None:
                yield self._shaped(block[0])
        finally:
            reader.close()

    def __getstate__(self) -> dict[str, Any]:
        # a pass stays where it is; the description travels
        return {name: value for name, value in vars(self).items() if name != "_blocks"}

    @staticmethod
    def _projected(
        source: _native.Source,
        vars_to_keep: str | list[str] | None,
        vars_to_drop: str | list[str] | None,
    ) -> _native.Source:
        columns = kept(source.names(), vars_to_keep, vars_to_drop)
        return source if columns is None else source.project(columns)
