"""Reading an XDF file into memory."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from revoscalepy import _native
from revoscalepy._arguments import not_built, path_text
from revoscalepy._frames import to_arrays, to_pandas
from revoscalepy._paths import input_path
from revoscalepy._progress import of_level
from revoscalepy._rows import limit_values
from revoscalepy._source import one_pass
from revoscalepy.datasource.RxDataSource import RxDataSource

if TYPE_CHECKING:
    import pandas as pd


def rx_read_xdf(
    file: str,
    vars_to_keep: list[str] | None = None,
    vars_to_drop: list[str] | None = None,
    row_var_name: str | None = None,
    start_row: int = 1,
    num_rows: int | None = None,
    return_data_frame: bool = True,
    strings_as_factors: bool = False,
    max_rows_by_columns: int | None = None,
    report_progress: int | None = None,
    read_by_block: bool = False,
    cpp_interp: list[Any] | None = None,
) -> pd.DataFrame | dict[str, Any]:
    """Read rows of an XDF file into a DataFrame.

    :param file: path of the file or of the folder of a set, or an ``RxXdfData``.
    :param vars_to_keep: columns to read; exclusive with ``vars_to_drop``.
    :param vars_to_drop: columns to skip.
    :param row_var_name: column that becomes the index instead of a column.
    :param start_row: first row, from 1.
    :param num_rows: rows to read; ``None`` or -1 for all.
    :param return_data_frame: ``False`` returns a dictionary of numpy arrays.
    :param strings_as_factors: not supported for XDF files, whose columns have their types.
    :param max_rows_by_columns: most values (rows times columns) to return; rows beyond are left out with a warning.
    :param report_progress: 0 nothing, 1 rows, 2 and 3 also times.
    :param read_by_block: no effect.
    :param cpp_interp: no effect.
    :raises FileNotFoundError: when the file does not exist.
    """
    not_built("rx_read_xdf", strings_as_factors=strings_as_factors)
    if start_row < 1:
        raise ValueError(f"rx_read_xdf: start_row counts from 1, not {start_row}")
    path = input_path(path_text(getattr(file, "file", file)))
    source = _native.Source.open([path], None, False, one_pass())
    partition = getattr(file, "_partition", None)
    if partition is not None:
        source = source.partition(partition)
    source = RxDataSource._projected(source, vars_to_keep, vars_to_drop)
    total = source.info()["rows"]
    first = start_row - 1
    end = total if num_rows is None or num_rows < 0 else first + num_rows
    first, end = limit_values(source, (first, end), max_rows_by_columns, "max_rows_by_columns")
    progress = of_level(report_progress)
    began = time.perf_counter()
    table = source.read(one_pass(rows=(first, end)))
    read = time.perf_counter()
    result: Any = to_pandas(table) if return_data_frame else to_arrays(table)
    if progress is not None:
        rows = max(min(end, total) - first, 0)
        print(f"Rows Processed: {rows}")
        if progress.level >= 2:
            print(f"Time to read data file: {read - began:.2f} secs.")
            print(f"Time to convert to data frame: {_short(time.perf_counter() - read)}")
    if row_var_name is not None:
        if row_var_name not in result:
            raise ValueError(f"rx_read_xdf: there is no column '{row_var_name}' for row_var_name")
        if return_data_frame:
            result = result.set_index(row_var_name)
    return result


def _short(elapsed: float) -> str:
    return "less than .001 secs." if elapsed < 0.001 else f"{elapsed:.2f} secs."
