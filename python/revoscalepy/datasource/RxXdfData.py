"""XDF files as data sources and as outputs."""

from __future__ import annotations

import os
from typing import Any

from revoscalepy import _native
from revoscalepy._arguments import kept, not_built, path_text
from revoscalepy._paths import input_path
from revoscalepy._source import one_pass
from revoscalepy.datasource.RxDataSource import RxDataSource
from revoscalepy.datasource.RxFileSystem import check_file_system


class RxXdfData(RxDataSource):
    """An XDF file: XDF 5, or Microsoft's containers 3.1 and 4.2; the option ``xdfFormat`` says which is written.

    Or the folder of a set of XDF 5 files.

    :param file: path of the file, or of the folder of a set; as an output, what is to be written.
    :param vars_to_keep: columns to read; exclusive with ``vars_to_drop``.
    :param vars_to_drop: columns to skip.
    :param return_data_frame: ``rx_import`` without an output returns a DataFrame (default) or a dictionary of arrays.
    :param strings_as_factors: not supported for XDF files, whose columns have their types.
    :param blocks_per_read: blocks of the file in each block that :meth:`read_next` and iteration give.
    :param file_system: only ``"native"``.
    :param create_composite_set: as an output of ``rx_import``: whether a set of files is written instead of one.
        ``None`` writes one file.
    :param create_partition_set: as an output of ``rx_partition``, which always writes a partitioned set.
    :param blocks_per_composite_file: blocks of each file of a composite set.
    """

    def __init__(
        self,
        file: str,
        vars_to_keep: list[str] | None = None,
        vars_to_drop: list[str] | None = None,
        return_data_frame: bool = True,
        strings_as_factors: bool = False,
        blocks_per_read: int = 1,
        file_system: str | Any = "native",
        create_composite_set: bool | None = None,
        create_partition_set: bool | None = None,
        blocks_per_composite_file: int = 3,
    ) -> None:
        if not isinstance(file, (str, os.PathLike)):
            raise TypeError(f"RxXdfData: file must be a path, not {type(file).__name__}")
        check_file_system("RxXdfData", file_system)
        not_built("RxXdfData", strings_as_factors=strings_as_factors)
        kept((), vars_to_keep, vars_to_drop)
        super().__init__()
        self.file = path_text(file)
        self.vars_to_keep = vars_to_keep
        self.vars_to_drop = vars_to_drop
        self.return_data_frame = return_data_frame
        self.strings_as_factors = strings_as_factors
        self.blocks_per_read = blocks_per_read
        self.file_system = file_system
        self.create_composite_set = create_composite_set
        self.create_partition_set = create_partition_set
        self.blocks_per_composite_file = blocks_per_composite_file
        #: one partition of a partitioned set, by its name
        self._partition: str | None = None

    def __repr__(self) -> str:
        partition = f", partition {self._partition}" if self._partition else ""
        return f"RxXdfData({self.file!r}{partition})"

    def _open(self) -> _native.Source:
        source = _native.Source.open([input_path(self.file)], None, False, one_pass())
        if self._partition is not None:
            source = source.partition(self._partition)
        return self._projected(source, self.vars_to_keep, self.vars_to_drop)

    def _block_rows(self, source: _native.Source) -> int | None:
        stored = source.info().get("rows_per_block")
        return max(stored) * max(int(self.blocks_per_read), 1) if stored else None
