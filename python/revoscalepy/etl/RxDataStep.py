"""The data step: rows and columns on their way from one place to another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from revoscalepy import _native
from revoscalepy._arguments import append_kind
from revoscalepy._columns import chosen, complete_rows, with_types
from revoscalepy._frames import is_pandas, to_arrays, to_pandas
from revoscalepy._output import compression_level, deliver
from revoscalepy._progress import finished, of_level
from revoscalepy._rows import read_limited
from revoscalepy._source import one_pass, open_source
from revoscalepy._steps import Steps
from revoscalepy.datasource.RxDataSource import RxDataSource
from revoscalepy.datasource.RxTextData import RxTextData
from revoscalepy.datasource.RxXdfData import RxXdfData
from revoscalepy.etl.RxImport import input_with_text

if TYPE_CHECKING:
    from pandas import DataFrame


def rx_data_step(
    input_data: RxDataSource | DataFrame | str | None = None,
    output_file: str | RxXdfData | RxTextData | None = None,
    vars_to_keep: list[str] | None = None,
    vars_to_drop: list[str] | None = None,
    row_selection: Any = None,
    transforms: dict[str, Any] | None = None,
    transform_objects: dict[str, Any] | None = None,
    transform_function: Any = None,
    transform_variables: list[str] | None = None,
    transform_packages: list[str] | None = None,
    append: list[str] | str | None = None,
    overwrite: bool = False,
    row_variable_name: str | None = None,
    remove_missings_on_read: bool = False,
    remove_missings: bool = False,
    compute_low_high: bool = True,
    max_rows_by_cols: int = 3000000,
    rows_per_read: int = -1,
    start_row: int = 1,
    number_rows_read: int = -1,
    return_transform_objects: bool = False,
    blocks_per_read: int | None = None,
    report_progress: int | None = None,
    xdf_compression_level: int = 0,
    strings_as_factors: bool | None = None,
    **kwargs: Any,
) -> Any:
    """Select rows, choose and compute columns, and write them to a file or return them, block by block.

    The order is: rows without missing values, ``transform_function``, ``transforms``, ``row_selection``, columns kept
    or dropped, rows without missing values again. A selection by logicals comes before all.

    A function gets a DataFrame of a chunk (a dictionary of numpy arrays where the data source has
    ``return_data_frame=False``) and is called once for each chunk, in order, in this process. Expressions
    (``docs/concepts/expressions.md``) are computed by the engine on all cores.

    :param input_data: data source, path, DataFrame or Arrow object.
    :param output_file: path or data source to write; the name tells the format. ``None`` returns a DataFrame. It may
        be the input itself, with ``overwrite=True``.
    :param vars_to_keep: columns of the data to keep; exclusive with ``vars_to_drop``. Computed columns are always kept.
    :param vars_to_drop: columns of the data to leave out.
    :param row_selection: an expression, or a function of a chunk that returns logicals: rows for which it is true are
        kept, and it sees computed columns. Or logicals, one for each row of the data.
    :param transforms: name to expression, or to a function of a chunk that returns the values of the column: columns to
        add or replace, in order; a later one sees an earlier one.
    :param transform_objects: what functions take by the names of their further arguments. It is copied, and the copy is
        ``context.transform_objects``: what a function puts there is there for the next chunk.
    :param transform_function: ``f(dataset, context)``, also with further arguments (``f(dataset, context, threshold)``)
        that ``transform_objects`` has. It returns the columns of the chunk: those that it saw and does not return are
        left out. A column ``.rxRowSelection`` of logicals says which rows stay; without ``transform_variables`` the
        number of rows may change. ``None`` leaves the chunk out. The types of the first chunk hold for all.
        ``dataset["x"].rx_attributes = {".rxLowHigh": [0, 10]}`` in the first chunk states the low and high of a column.
    :param transform_variables: the columns that functions see; ``None`` for all. The others stay as they are.
    :param transform_packages: modules that are imported first.
    :param append: ``"rows"`` adds the rows to an XDF file or set that exists, ``"cols"`` the columns to an XDF file
        with as many rows (columns of the same names are replaced with ``overwrite=True``); ``None`` or ``"none"``
        writes a new file.
    :param overwrite: whether an existing output is replaced; it has no effect on appended rows.
    :param row_variable_name: the index of a DataFrame is written as this column; of a returned DataFrame it is the
        index.
    :param remove_missings_on_read: leave rows with a missing value in any column out before all else.
    :param remove_missings: leave them out of the result.
    :param compute_low_high: no effect: XDF files always state the extremes of their columns.
    :param max_rows_by_cols: most values (rows times columns) to return; rows beyond are left out with a warning.
        -1 sets no limit.
    :param rows_per_read: rows of a chunk, and of a block of the output; -1 for the data source's, else 131 072.
    :param start_row: first row to read, from 1.
    :param number_rows_read: rows to read; -1 for all.
    :param return_transform_objects: return the copy of ``transform_objects`` instead of the data; then a function need
        not return anything.
    :param report_progress: 0 nothing, 1 rows, 2 and 3 also times.
    :param xdf_compression_level: 0 (default, as documented: no compression) to 9; -1 for 1.
    :param strings_as_factors: text columns become factors.
    :param kwargs: for text: further arguments of :class:`RxTextData`.

    ``blocks_per_read`` has no effect.

    :returns: a DataFrame, ``None`` when ``start_row`` is behind the last row, or the data source of the output.
    :raises ValueError: for an unknown column, an expression that cannot be understood, a function whose result does not
        fit that of the first chunk. An exception of a function comes out as it is.
    :raises FileExistsError: when the output exists and is neither to be replaced nor added to; it stays as it was.
    """
    if input_data is None:
        raise ValueError("rx_data_step: input_data is missing; give a data source, a path or a DataFrame")
    if start_row < 1:
        raise ValueError(f"rx_data_step: start_row counts from 1, not {start_row}")
    append_kind("rx_data_step", append)
    data = input_with_text("rx_data_step", input_data, kwargs, False)
    if is_pandas(data) and row_variable_name is not None and row_variable_name not in data.columns:
        data = data.reset_index(names=row_variable_name)
    rows = (
        None
        if start_row == 1 and number_rows_read < 0
        else (start_row - 1, _end(start_row, number_rows_read))
    )
    chunk_rows = rows_per_read if rows_per_read > 0 else getattr(data, "rows_per_read", None)
    steps = Steps.of(locals(), none_keeps=bool(return_transform_objects))
    source = open_source(data, "rx_data_step")
    total = source.info()["rows"]
    if (
        output_file is None
        and not return_transform_objects
        and total is not None
        and start_row > max(total, 1)
    ):
        return None
    available = source.names()
    if remove_missings_on_read:
        source = complete_rows(source)
    source = steps.applied(source, data, rows=rows, chunk_rows=chunk_rows)
    source = chosen(source, available, vars_to_keep, vars_to_drop)
    if remove_missings:
        source = complete_rows(source)
    source = with_types(source, None, None, strings_as_factors)
    progress = of_level(report_progress)
    if output_file is not None:
        result: Any = deliver(
            "rx_data_step",
            source,
            output_file,
            append=append,
            overwrite=overwrite,
            level=compression_level(int(xdf_compression_level)),
            block_rows=chunk_rows,
            rows=rows,
            progress=progress,
        )
        steps.state_low_high(result)
    elif return_transform_objects:
        _drain(source, one_pass(rows=rows, block_rows=chunk_rows, progress=progress))
        result = None
    else:
        options = one_pass(rows=rows, progress=progress)
        table = read_limited(source, options, max_rows_by_cols, "max_rows_by_cols")
        result = _returned(table, data, row_variable_name)
    finished(progress)
    return steps.transform_objects if return_transform_objects else result


#: the name before release 9.2
rx_data_step_ex = rx_data_step


def _end(start_row: int, number_rows: int) -> int:
    return 2**62 if number_rows < 0 else start_row - 1 + number_rows


def _drain(source: _native.Source, options: dict[str, Any]) -> None:
    """Read all blocks for what functions make of them."""
    reader = source.reader(options)
    while reader.next(options) is not None:
        pass


def _returned(table: Any, data: Any, row_names: str | None) -> Any:
    if not getattr(data, "return_data_frame", True):
        return to_arrays(table)
    frame = to_pandas(table)
    if row_names is None:
        return frame
    if row_names not in frame:
        raise ValueError(f"rx_data_step: there is no column '{row_names}' for row_variable_name")
    return frame.set_index(row_names)
