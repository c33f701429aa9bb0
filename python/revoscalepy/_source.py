"""From whatever a caller calls data to the engine's source."""

from __future__ import annotations

import os
from typing import Any

from revoscalepy import _native
from revoscalepy._arguments import path_text
from revoscalepy._frames import is_pandas, to_arrow
from revoscalepy._paths import input_path
from revoscalepy.computecontext.RxComputeContext import threads

BINARY = (".xdf", ".parquet", ".pq", ".arrow", ".feather", ".ipc", ".arrows")


def one_pass(
    *,
    rows: tuple[int, int] | None = None,
    progress: Any = None,
    block_rows: int | None = None,
) -> dict[str, Any]:
    """How the native functions are to run: rows as first (from 0) and end, rows of a block, progress function."""
    return {
        "rows": rows,
        "progress": progress,
        "block_rows": block_rows,
        "threads": threads(),
    }


def writing(
    level: int,
    overwrite: bool,
    *,
    block_rows: int | None = None,
    composite: bool = False,
    append: bool = False,
    blocks_per_part: int = 3,
    microsoft: bool | None = None,
    text: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """How the native functions are to write: one file, or a set of files with so many blocks in each.

    XDF is Microsoft's container 4.2 where ``microsoft`` says whether inferred types are allowed.
    """
    if composite and microsoft is not None:
        raise ValueError("sets have files of XDF 5; set the option xdfFormat to '5'")
    if blocks_per_part < 1:
        raise ValueError(f"blocks_per_composite_file must be at least 1, not {blocks_per_part}")
    return {
        "level": level,
        "block_rows": block_rows,
        "overwrite": overwrite,
        "composite": composite,
        "append": append,
        "blocks_per_part": blocks_per_part,
        "microsoft": microsoft,
        "text": text,
    }


def is_text_path(path: str) -> bool:
    """Whether a path is one of a text file, by its name."""
    if os.path.isdir(path):
        return False
    name = path.lower()
    for packed in (".gz", ".zst"):
        name = name.removesuffix(packed)
    return not name.endswith(BINARY)


def open_source(data: Any, function: str = "data") -> _native.Source:
    """The engine's source for a data source object, a path, a frame, or any Arrow object.

    :raises FileNotFoundError: when a path does not exist.
    :raises TypeError: when ``data`` is none of these.
    """
    from revoscalepy.datasource.RxDataSource import RxDataSource

    if isinstance(data, _native.Source):
        return data
    if isinstance(data, RxDataSource):
        return data._open()
    if hasattr(data, "__rxdf_source__"):
        source: _native.Source = data.__rxdf_source__()
        return source
    if isinstance(data, (str, os.PathLike)):
        return _native.Source.open([input_path(data)], None, False, one_pass())
    table = to_arrow(data)
    if table is None:
        raise TypeError(
            f"{function}: cannot read data from {type(data).__name__}; give a data source, a path, a pandas "
            "DataFrame, a dictionary of columns, or an object with the Arrow PyCapsule interface"
        )
    return _native.Source.from_arrow(table, one_pass())


def data_name(data: Any) -> str | None:
    """The file that results are said to come from; ``None`` for data in memory."""
    file = getattr(data, "file", None)
    if file is not None:
        return ", ".join(file) if isinstance(file, list) else str(file)
    return path_text(data) if isinstance(data, (str, os.PathLike)) else None


def data_class(data: Any) -> str:
    """The name of the kind of data, for the ``class`` field of the information."""
    return "DataFrame" if is_pandas(data) else type(data).__name__


def shown_call(function: str, formula: str, data: Any, **choices: Any) -> str:
    """The call as results print it; choices that are not made are left out."""
    name = data_name(data)
    shown = repr(name) if isinstance(data, (str, os.PathLike)) else f"<{data_class(data)}>"
    if name is not None and not isinstance(data, (str, os.PathLike)):
        shown = f"{data_class(data)}({name!r})"
    made = "".join(f", {choice} = {value!r}" for choice, value in choices.items() if value)
    return f"{function}(formula = {formula!r}, data = {shown}{made})"
