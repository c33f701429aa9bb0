"""Import: from any data to an XDF file (or another format), or into memory."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from revoscalepy._arguments import not_built, path_text
from revoscalepy._columns import chosen, with_types
from revoscalepy._frames import to_arrays, to_pandas
from revoscalepy._output import compression_level, deliver
from revoscalepy._progress import finished, of_level
from revoscalepy._rows import read_limited
from revoscalepy._source import is_text_path, one_pass, open_source
from revoscalepy._steps import Steps
from revoscalepy.datasource.RxDataSource import RxDataSource
from revoscalepy.datasource.RxTextData import RxTextData
from revoscalepy.datasource.RxXdfData import RxXdfData

if TYPE_CHECKING:
    from pandas import DataFrame

TYPES = ("auto", "textFast", "text")


def rx_import(
    input_data: RxDataSource | DataFrame | str,
    output_file: Any = None,
    vars_to_keep: list[str] | None = None,
    vars_to_drop: list[str] | None = None,
    row_selection: Any = None,
    transforms: dict[str, Any] | None = None,
    transform_objects: dict[str, Any] | None = None,
    transform_function: Callable[..., Any] | None = None,
    transform_variables: dict[str, Any] | None = None,
    transform_packages: dict[str, Any] | None = None,
    append: str | None = None,
    overwrite: bool = False,
    number_rows: int | None = None,
    strings_as_factors: bool | None = None,
    column_classes: dict[str, str] | None = None,
    column_info: dict[str, dict[str, Any]] | None = None,
    rows_per_read: int | None = None,
    type: str | None = None,
    max_rows_by_columns: int | None = None,
    report_progress: int | None = None,
    verbose: int | None = None,
    xdf_compression_level: int | None = None,
    create_composite_set: bool | None = None,
    blocks_per_composite_file: int | None = None,
    **kwargs: Any,
) -> DataFrame | RxXdfData | RxTextData | dict[str, Any]:
    """Read data, block by block, into a file or into a DataFrame.

    :param input_data: data source, path (the name and the first bytes tell the format), DataFrame or Arrow object.
    :param output_file: path or ``RxXdfData`` to write; the name tells the format (.xdf, .parquet, .arrow, .csv), the
        option ``xdfFormat`` whether an XDF file is one of Microsoft's. ``None`` returns the data.
    :param vars_to_keep: columns to read; exclusive with ``vars_to_drop``. Computed columns are always kept.
    :param vars_to_drop: columns to skip.
    :param row_selection: an expression, a function of a chunk, or logicals for all rows; the rows for which it is true
        are kept. It sees computed columns.
    :param transforms: name to expression, or to a function of a chunk: columns to add or replace, in order.
    :param transform_function: a function ``(dataset, context)`` of a chunk; :func:`rx_data_step` says more of it and of
        the arguments that belong to it.
    :param append: ``"rows"`` adds the rows to an XDF file or set that exists, ``"cols"`` the columns to an XDF file
        with as many rows; ``None`` or ``"none"`` writes a new file.
    :param overwrite: whether an existing output is replaced; of appended columns, those of the same names. It has no
        effect on appended rows.
    :param number_rows: most rows of the input to read.
    :param strings_as_factors: text columns become factors.
    :param column_classes: column name to type name, see :class:`RxTextData`; other data are converted.
    :param column_info: column name to a dictionary with ``type``, ``levels``, ``newName``, ``description``, ``low`` and
        ``high``, see :class:`RxTextData`.
    :param rows_per_read: rows of a block of the output; the text source's ``rows_per_read``, else 131 072.
    :param type: ``"auto"``, ``"text"`` or ``"textFast"``.
    :param max_rows_by_columns: most values (rows times columns) to return without an output; rows beyond are left
        out with a warning. ``None`` sets no limit.
    :param report_progress: 0 nothing, 1 rows, 2 and 3 also times.
    :param verbose: no effect.
    :param xdf_compression_level: 0 to 9; ``None`` for the option ``XdfCompressionLevel``, -1 for 1.
    :param create_composite_set: write a folder of XDF files that is read as one; ``None`` for what ``output_file``
        says.
    :param blocks_per_composite_file: blocks of each of these files; ``None`` for what ``output_file`` says, else 3.
    :param kwargs: for a path of a text file: further arguments of :class:`RxTextData`.
    :returns: a DataFrame (a dictionary of arrays where the source has ``return_data_frame=False``), or the data source
        of the output.
    :raises FileExistsError: when the output exists and ``overwrite`` is false; it stays as it was.
    :raises ValueError: for a wrong cell, an unknown column, an expression that cannot be understood.
    """
    if type is not None and type not in TYPES:
        not_built("rx_import", f"the supported values are {', '.join(TYPES)}", type=type)
    as_text = type in ("text", "textFast")
    types = {
        "strings_as_factors": strings_as_factors,
        "column_classes": column_classes,
        "column_info": column_info,
    }
    is_text = as_text or isinstance(input_data, RxTextData) or _is_text(input_data)
    text = {**types, "rows_per_read": rows_per_read, **kwargs} if is_text else kwargs
    data = input_with_text("rx_import", input_data, text, as_text)
    chunk_rows = rows_per_read or getattr(data, "rows_per_read", None)
    source = open_source(data, "rx_import")
    if not is_text:
        source = with_types(source, column_classes, column_info, strings_as_factors)
    rows = None if number_rows is None or number_rows < 0 else (0, int(number_rows))
    steps = Steps.of(locals())
    available = source.names()
    source = steps.applied(source, data, rows=rows, chunk_rows=chunk_rows)
    source = chosen(source, available, vars_to_keep, vars_to_drop)
    progress = of_level(report_progress)
    if output_file is None:
        options = one_pass(rows=rows, progress=progress)
        table = read_limited(source, options, max_rows_by_columns, "max_rows_by_columns")
        finished(progress)
        return to_pandas(table) if getattr(data, "return_data_frame", True) else to_arrays(table)
    result = deliver(
        "rx_import",
        source,
        output_file,
        append=append,
        overwrite=overwrite,
        level=compression_level(xdf_compression_level),
        block_rows=chunk_rows,
        rows=rows,
        progress=progress,
        composite=create_composite_set,
        blocks_per_part=blocks_per_composite_file,
    )
    steps.state_low_high(result)
    finished(progress)
    return result


def _is_text(data: Any) -> bool:
    return isinstance(data, (str, os.PathLike)) and is_text_path(path_text(data))


#: the name before release 9.2
rx_import_datasource = rx_import


def input_with_text(function: str, data: Any, text: dict[str, Any], as_text: bool) -> Any:
    """The input with the text arguments of the call, which win over those of a text source."""
    given = {name: value for name, value in text.items() if value is not None}
    if isinstance(data, (str, os.PathLike)) and (as_text or _is_text(data)):
        return RxTextData(path_text(data), **given)
    if isinstance(data, RxTextData):
        return data._with(**given) if given else data
    for name, value in given.items():
        not_built(function, "it is about text; for other data, use 'transforms'", **{name: value})
    return data
