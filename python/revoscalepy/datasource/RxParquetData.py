"""Parquet files as data sources and as outputs."""

from __future__ import annotations

import os
from typing import Any

from revoscalepy import _native
from revoscalepy._arguments import not_built, path_text
from revoscalepy._columns import with_types
from revoscalepy._paths import input_path
from revoscalepy._source import one_pass
from revoscalepy.datasource.RxDataSource import RxDataSource
from revoscalepy.datasource.RxFileSystem import check_file_system


class RxParquetData(RxDataSource):
    """A Parquet file; Microsoft's package had them in Spark only.

    :param file: path of the file, or a pattern of paths.
    :param column_info: column name to a dictionary with ``type``, ``levels``, ``newName``, ``description``, ``low`` and
        ``high``, as of :class:`RxTextData`.
    :param file_system: only ``None`` or the native one.
    :param write_factors_as_indexes: not supported yet.
    """

    def __init__(
        self,
        file: str | None = None,
        column_info: dict[str, dict[str, Any]] | None = None,
        file_system: Any = None,
        write_factors_as_indexes: bool = False,
    ) -> None:
        if not isinstance(file, (str, os.PathLike)):
            raise TypeError(f"RxParquetData: file must be a path, not {type(file).__name__}")
        check_file_system("RxParquetData", file_system)
        not_built("RxParquetData", write_factors_as_indexes=write_factors_as_indexes)
        super().__init__(column_info)
        self.file = path_text(file)

    def __repr__(self) -> str:
        return f"RxParquetData({self.file!r})"

    def _open(self) -> _native.Source:
        source = _native.Source.open([input_path(self.file)], None, False, one_pass())
        return with_types(source, None, self.column_info, None)
