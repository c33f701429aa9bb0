"""Where files are looked for and written: the options ``DataPath`` and ``OutDataPath``."""

from __future__ import annotations

import os
from typing import Any

from revoscalepy._arguments import not_built, path_text
from revoscalepy.sample_data import ensure
from revoscalepy.utils.RxOptions import RxOptions


def input_path(path: str | os.PathLike[str]) -> str:
    """The path to read: as given where that exists, else in the folders of ``DataPath``; sample data are made."""
    text = path_text(path)
    ensure(text)
    if os.path.isabs(text) or os.path.exists(text):
        return text
    folders = RxOptions.get_option("DataPath") or []
    for folder in [folders] if isinstance(folders, str) else folders:
        candidate = os.path.join(folder, text)
        if os.path.exists(candidate):
            return candidate
    return text


def output_path(function: str, output: Any) -> str:
    """The path to write: of a path or a file data source, in ``OutDataPath`` where it is relative and that is set.

    :raises TypeError: when ``output`` is neither.
    :raises UnsupportedArgumentError: when it is a set, and the function does not write sets.
    :raises ValueError: when it is one partition of a set.
    """
    if getattr(output, "_partition", None) is not None:
        raise ValueError(
            f"{function}: cannot write to one partition; give a path, or add rows with rx_partition"
        )
    if function not in ("rx_import", "rx_data_step", "rx_partition"):
        sets = ("create_composite_set", "create_partition_set")
        not_built(function, "import the result", **{name: getattr(output, name, None) for name in sets})
    file = getattr(output, "file", output)
    if isinstance(file, list) or not isinstance(file, (str, os.PathLike)):
        raise TypeError(f"{function}: cannot write to {type(output).__name__}; give a path or an RxXdfData")
    text = path_text(file)
    folder = RxOptions.get_option("OutDataPath")
    if folder and not os.path.isabs(text):
        return os.path.join(folder if isinstance(folder, str) else folder[0], text)
    return text
