"""Where results go: files of every format, sets, and rows and columns added to what is there."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from revoscalepy import _native
from revoscalepy._arguments import append_kind, not_built
from revoscalepy._paths import output_path
from revoscalepy._source import is_text_path, one_pass, writing
from revoscalepy.datasource._database import DatabaseData
from revoscalepy.datasource.RxDataSource import RxDataSource
from revoscalepy.datasource.RxTextData import RxTextData
from revoscalepy.datasource.RxXdfData import RxXdfData
from revoscalepy.utils.RxOptions import RxOptions


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


def text_writing(output: Any) -> dict[str, Any] | None:
    """How an ``RxTextData`` is written; a path alone is written with all digits."""
    if not isinstance(output, RxTextData):
        return None
    return {
        "delimiter": output.delimiter,
        "missing": output.missing_value_string or "",
        "header": output.first_row_is_column_names is not False,
        "digits": output.write_precision,
    }


def deliver(
    function: str,
    source: _native.Source,
    output: Any,
    *,
    append: str | Sequence[str] | None,
    overwrite: bool,
    level: int,
    block_rows: int | None,
    rows: tuple[int, int] | None,
    progress: Any,
    composite: bool | None = None,
    blocks_per_part: int | None = None,
) -> RxXdfData | RxTextData | DatabaseData:
    """Write a source to a path or data source, or add its rows or columns to what is there.

    :raises FileExistsError: when the output exists and is neither to be replaced nor added to; it stays as it was.
    """
    not_built(
        function, "use rx_partition", create_partition_set=getattr(output, "create_partition_set", None)
    )
    adds = append_kind(function, append)
    if isinstance(output, DatabaseData):
        if adds == "cols":
            not_built(function, "tables of databases take rows only", append=adds)
        options = one_pass(rows=rows, progress=progress, block_rows=block_rows)
        output._write(function, source, append=adds == "rows", overwrite=bool(overwrite), options=options)
        return output
    path = output_path(function, output)
    if composite is None:
        composite = getattr(output, "create_composite_set", None)
    if blocks_per_part is None:
        blocks_per_part = getattr(output, "blocks_per_composite_file", 3)
    exists = os.path.exists(path)
    is_set = bool(composite) or (adds != "none" and os.path.isdir(path))
    options = one_pass(rows=rows, progress=progress, block_rows=block_rows)
    how = writing(
        level,
        bool(overwrite) and adds == "none",
        block_rows=block_rows,
        composite=is_set,
        append=adds == "rows" and exists,
        blocks_per_part=int(blocks_per_part),
        microsoft=microsoft_container(),
        text=text_writing(output),
    )
    if adds == "none" or not exists or (is_set and adds == "rows"):
        source.write(path, how, options)
    elif is_set or is_text_path(path) or not path.lower().endswith(".xdf"):
        not_built(function, "only XDF files take columns, and only they and sets take rows", append=adds)
    elif adds == "rows":
        _check_columns(function, source, path)
        source.append_rows(path, how, options)
    else:
        source.put_columns(path, bool(overwrite), options)
    return output_source(output, path)


def _check_columns(function: str, source: _native.Source, path: str) -> None:
    """Rows need the columns of the file, in any order."""
    there, given = _native.Source.open([path], None, False, one_pass()).names(), source.names()
    missing = [name for name in there if name not in given]
    more = [name for name in given if name not in there]
    if missing or more:
        problems = [f"lack {missing}"] * bool(missing) + [f"also have {more}"] * bool(more)
        raise ValueError(
            f"{function}: rows can only be added with the columns that {path} has; these {' and '.join(problems)}: "
            "choose or compute columns with vars_to_keep, vars_to_drop and transforms"
        )
