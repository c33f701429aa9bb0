"""Options of the session, under Microsoft's names."""

from __future__ import annotations

import os
import sys
from typing import Any, ClassVar


def _sample_data_folder() -> str:
    if folder := os.environ.get("RXDF_SAMPLE_DATA"):
        return folder
    home = os.path.expanduser("~")
    if sys.platform == "win32":
        cache = os.environ.get("LOCALAPPDATA", os.path.join(home, "AppData", "Local"))
    elif sys.platform == "darwin":
        cache = os.path.join(home, "Library", "Caches")
    else:
        cache = os.environ.get("XDG_CACHE_HOME", os.path.join(home, ".cache"))
    return os.path.join(cache, "rxdf", "sample_data")


class RxOptions:
    """Options by name; a class without instances.

    Options with an effect:

    - ``sampleDataDir``: the folder of the sample data; the environment variable ``RXDF_SAMPLE_DATA``, else
      ``rxdf/sample_data`` in the user's cache folder, where files with the names and columns of Microsoft's are made,
      simulated (see :mod:`revoscalepy.sample_data` and the README there).
    - ``DataPath``, ``OutDataPath``: folders that data source paths are looked up in and outputs are written to; unset.
    - ``reportProgress``: 0 (default) to 3, see the functions' ``report_progress``.
    - ``progressBar``: whether passes that report progress have a bar (tqdm) instead of lines; default ``False``.
    - ``XdfCompressionLevel``: 0 to 9, default 1.
    - ``NumCoresToUse``: threads of a pass; -1 (default) for all.
    - ``NumDigits``: significant digits in printed results, default 7.
    - ``CoefLabelStyle``: only ``"Revo"``.
    - ``integerMissing``: ``"na"`` (default) for nullable pandas columns, ``"sentinel"`` for Microsoft's
      sentinels (-2147483648 for int32) in and out.
    - ``pandasTypes``: ``"numpy"`` (default), ``"nullable"`` or ``"arrow"``: the types of columns in DataFrames.
    - ``xdfFormat``: ``"5"`` (default) or ``"4.2"``, Microsoft's container, for every XDF file that is written.
    - ``xdfAllowInferred``: whether column types go into 4.2 whose bytes no public file of Microsoft's shows (int64,
      bool, dates, ...); default ``False``, they are an error.

    The other documented options are kept and have no effect.
    """

    _options: ClassVar[dict[str, Any]] = {
        "unitTestDataDir": None,
        "sampleDataDir": _sample_data_folder(),
        "blocksPerRead": 1,
        "reportProgress": 0,
        "RowDisplayMax": -1,
        "MemStatsReset": 0,
        "MemStatsDiff": 0,
        "NumCoresToUse": -1,
        "NumDigits": 7,
        "ShowTransformFn": False,
        "DataPath": None,
        "OutDataPath": None,
        "XdfCompressionLevel": 1,
        "FileSystem": "native",
        "UseSparseCube": False,
        "RngBfferSize": 1,
        "DropMain": True,
        "CoefLabelStyle": "Revo",
        "NumTasks": 1,
        "unixPythonPath": None,
        "traceLevel": 0,
        "integerMissing": "na",
        "pandasTypes": "numpy",
        "xdfFormat": "5",
        "xdfAllowInferred": False,
        "progressBar": False,
    }

    _allowed: ClassVar[dict[str, tuple[Any, ...]]] = {
        "integerMissing": ("na", "sentinel"),
        "pandasTypes": ("numpy", "nullable", "arrow"),
        "xdfFormat": ("5", "4.2"),
        "xdfAllowInferred": (False, True),
        "progressBar": (False, True),
        "CoefLabelStyle": ("Revo",),
        "reportProgress": (0, 1, 2, 3),
        "XdfCompressionLevel": tuple(range(-1, 10)),
        "traceLevel": tuple(range(8)),
        "FileSystem": ("native",),
        "NumDigits": tuple(range(1, 23)),
        "ShowTransformFn": (False, True),
        "UseSparseCube": (False, True),
        "DropMain": (False, True),
    }

    #: whole numbers, and the least of each
    _least: ClassVar[dict[str, int]] = {
        "blocksPerRead": 1,
        "RowDisplayMax": -1,
        "MemStatsReset": 0,
        "MemStatsDiff": 0,
        "NumCoresToUse": -1,
        "RngBfferSize": 1,
        "NumTasks": 0,
    }

    #: folders: a path, a list of them, or none
    _folders: ClassVar[tuple[str, ...]] = (
        "unitTestDataDir",
        "sampleDataDir",
        "DataPath",
        "OutDataPath",
        "unixPythonPath",
    )

    @staticmethod
    def get_option(name: str) -> Any:
        """Return the value of an option; for ``sampleDataDir`` the small files there are made.

        :raises ValueError: when there is no such option.
        """
        RxOptions._check(name)
        value = RxOptions._options[name]
        if name == "sampleDataDir" and value:
            from revoscalepy.sample_data import prepare

            prepare(str(value))
        return value

    @staticmethod
    def set_option(name: str, value: Any) -> None:
        """Set an option for the rest of the session.

        :raises ValueError: when there is no such option, or it does not take the value.
        """
        RxOptions._check(name)
        allowed = RxOptions._allowed.get(name)
        if allowed is not None and value not in allowed:
            raise ValueError(f"option '{name}' must be one of {', '.join(map(repr, allowed))}, not {value!r}")
        least = RxOptions._least.get(name)
        if least is not None and (isinstance(value, bool) or not isinstance(value, int) or value < least):
            raise ValueError(f"option '{name}' must be a whole number from {least}, not {value!r}")
        if name in RxOptions._folders:
            value = RxOptions._folder(name, value)
        RxOptions._options[name] = value

    @staticmethod
    def _folder(name: str, value: Any) -> Any:
        if value is None or isinstance(value, (str, os.PathLike)):
            return value if value is None else os.fspath(value)
        if name in ("DataPath", "OutDataPath") and isinstance(value, (list, tuple)):
            return [os.fspath(folder) for folder in value]
        raise TypeError(f"option '{name}' must be a path, not {type(value).__name__}")

    @staticmethod
    def _check(name: str) -> None:
        if name not in RxOptions._options:
            raise ValueError(f"there is no option '{name}'; the options are: {', '.join(RxOptions._options)}")
