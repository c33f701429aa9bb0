"""Import: from any data to an XDF file (or another format), or into memory."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from revoscalepy._arguments import appends_rows, check_append, not_built, path_text
from revoscalepy._frames import to_arrays, to_pandas
from revoscalepy._paths import output_path
from revoscalepy._progress import finished, of_level
from revoscalepy._rows import limit_values
from revoscalepy._source import is_text_path, one_pass, open_source, prepare, writing
from revoscalepy.datasource.RxDataSource import RxDataSource
from revoscalepy.datasource.RxTextData import RxTextData
from revoscalepy.datasource.RxXdfData import RxXdfData
from revoscalepy.utils.RxOptions import RxOptions

if TYPE_CHECKING:
    from pandas import DataFrame

TYPES = ("auto", "textFast", "text")


def rx_import(
    input_data: RxDataSource | DataFrame | str,
    output_file: Any = None,
    vars_to_keep: list[str] | None = None,
    vars_to_drop: list[str] | None = None,
    row_selection: str | None = None,
    transforms: dict[str, str] | None = None,
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
    :param row_selection: an expression; the rows for which it is true are kept. It sees computed columns.
    :param transforms: name to expression: columns to add or replace, in order.
    :param transform_function: not supported yet, nor are the arguments that belong to it.
    :param append: ``None`` or ``"none"``; for a composite set also ``"rows"``, which adds files to it. Appending to a
        file is not supported yet.
    :param overwrite: whether an existing output is replaced.
    :param number_rows: most rows of the input to read.
    :param strings_as_factors: for text: text columns become factors.
    :param column_classes: for text, see :class:`RxTextData`.
    :param column_info: for text, see :class:`RxTextData`.
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
    not_built(
        "rx_import",
        "compute columns with 'transforms' and select rows with 'row_selection', both expressions as text",
        transform_objects=transform_objects,
        transform_function=transform_function,
        transform_variables=transform_variables,
        transform_packages=transform_packages,
    )
    if create_composite_set is None:
        create_composite_set = getattr(output_file, "create_composite_set", None)
    if blocks_per_composite_file is None:
        blocks_per_composite_file = getattr(output_file, "blocks_per_composite_file", 3)
    not_built(
        "rx_import",
        "use rx_partition",
        create_partition_set=getattr(output_file, "create_partition_set", None),
    )
    appends = appends_rows("rx_import", append) if create_composite_set else False
    if not create_composite_set:
        check_append("rx_import", append)
    if type is not None and type not in TYPES:
        not_built("rx_import", f"the supported values are {', '.join(TYPES)}", type=type)
    text = {
        "strings_as_factors": strings_as_factors,
        "column_classes": column_classes,
        "column_info": column_info,
        "rows_per_read": rows_per_read,
        **kwargs,
    }
    data = _with_text(
        input_data, {k: v for k, v in text.items() if v is not None}, type in ("text", "textFast")
    )
    source = prepare(
        open_source(data, "rx_import"),
        transforms=transforms,
        row_selection=row_selection,
        vars_to_keep=vars_to_keep,
        vars_to_drop=vars_to_drop,
    )
    rows = None if number_rows is None or number_rows < 0 else (0, int(number_rows))
    progress = of_level(report_progress)
    if output_file is None:
        if max_rows_by_columns is not None:
            rows = limit_values(source, rows or (0, 2**62), max_rows_by_columns, "max_rows_by_columns")
        table = source.read(one_pass(rows=rows, progress=progress))
        finished(progress)
        return to_pandas(table) if getattr(data, "return_data_frame", True) else to_arrays(table)
    path = output_path("rx_import", output_file)
    source.write(
        path,
        writing(
            compression_level(xdf_compression_level),
            bool(overwrite),
            block_rows=rows_per_read or getattr(data, "rows_per_read", None),
            microsoft=microsoft_container(),
            composite=bool(create_composite_set),
            append=appends and not overwrite,
            blocks_per_part=int(blocks_per_composite_file),
        ),
        one_pass(rows=rows, progress=progress),
    )
    finished(progress)
    return output_source(output_file, path)


#: the name before release 9.2
rx_import_datasource = rx_import


def compression_level(level: int | None) -> int:
    """The level to write with, from an argument and the options."""
    if level is None:
        level = int(RxOptions.get_option("XdfCompressionLevel"))
    return 1 if level == -1 else int(level)


def microsoft_container() -> bool | None:
    """For outputs in Microsoft's container 4.2, whether inferred types are allowed; ``None`` for XDF 5."""
    if RxOptions.get_option("xdfFormat") == "5":
        return None
    return bool(RxOptions.get_option("xdfAllowInferred"))


def output_source(output: Any, path: str) -> RxXdfData | RxTextData:
    """The data source of what was written."""
    if isinstance(output, RxDataSource):
        return output  # type: ignore[return-value]
    return RxTextData(path) if is_text_path(path) else RxXdfData(path)


def _with_text(data: Any, text: dict[str, Any], as_text: bool) -> Any:
    """The input with the text arguments of the call, which win over those of a text source."""
    reading = {name: value for name, value in text.items() if name != "rows_per_read"}
    if isinstance(data, (str, os.PathLike)) and (as_text or is_text_path(path_text(data))):
        return RxTextData(path_text(data), **text)
    if isinstance(data, RxTextData):
        return data._with(**text) if text else data
    if reading:
        name = next(iter(reading))
        not_built("rx_import", "for data that are not text, use 'transforms'", **{name: reading[name]})
    return data
