"""From files and tables to scans."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from revoscalepy import _native
from revoscalepy._source import one_pass, open_source
from revoscalepy.datasource.RxTextData import RxTextData
from rxdf._scan import Scan

if TYPE_CHECKING:
    import pandas as pd

Path = str | os.PathLike[str]


def scan(data: Any) -> Scan:
    """Scan anything that is data.

    :param data: path of a file (its first bytes and its name tell the format) or pattern of paths, pandas DataFrame,
        dictionary of columns, object with the Arrow PyCapsule interface, data source of ``revoscalepy``, or a scan.
    :raises FileNotFoundError: when a path does not exist.
    :raises TypeError: when ``data`` is none of these.
    """
    return data if isinstance(data, Scan) else Scan(open_source(data, "scan"))


def scan_xdf(path: Path) -> Scan:
    """Scan an XDF file, of this project or of Microsoft's products, or a folder of them that is a set.

    :raises FileNotFoundError: when it does not exist.
    :raises OSError: when it is damaged, or no such file.
    """
    return scan(path)


def scan_parquet(path: Path | Sequence[Path]) -> Scan:
    """Scan Parquet files with the same columns; patterns such as ``part-*.parquet`` are expanded.

    :raises FileNotFoundError: when one does not exist.
    """
    return Scan(_native.Source.open(_paths(path), None, False, one_pass()))


def scan_arrow(data: Any) -> Scan:
    """Scan a table in memory: pandas, polars, pyarrow, duckdb, a dictionary of columns; numbers are not copied.

    :raises TypeError: when it is no table, or a column has a type without a counterpart.
    """
    return Scan(open_source(data, "scan_arrow"))


def scan_csv(
    path: Path | Sequence[Path],
    *,
    types: Mapping[str, str] | None = None,
    factors: Mapping[str, Sequence[str]] | None = None,
    missing: str | Sequence[str] = "NA",
    delimiter: str | None = None,
    header: bool | None = None,
    strings_as_factors: bool = False,
    encoding: str = "utf-8",
    sniff_rows: int = 10_000,
) -> Scan:
    """Scan delimited text; ``.gz`` and ``.zst`` are unpacked, patterns expanded.

    :param path: path, pattern, or a list of them.
    :param types: column to type: logical, integer, int8 to uint64, float32, numeric, character, factor, Date, POSIXct.
        Other types are found out over the first rows.
    :param factors: column to all levels of a factor, in order; other texts become missing.
    :param missing: what stands for a missing value, beside the empty cell.
    :param delimiter: one character; ``None`` finds out.
    :param header: whether the first line has the names; ``None`` finds out.
    :param strings_as_factors: texts become factors.
    :param encoding: name of the encoding, such as ``"latin1"``.
    :param sniff_rows: rows over which types are found out.
    :raises FileNotFoundError: when a file does not exist.
    :raises ValueError: for a cell that has not the type of its column, when it is read.
    """
    files = [os.fspath(each) for each in ([path] if isinstance(path, (str, os.PathLike)) else path)]
    source = RxTextData(
        files,  # type: ignore[arg-type]
        column_classes=dict(types or {}),
        column_info={
            name: {"type": "factor", "levels": list(levels)} for name, levels in (factors or {}).items()
        },
        missing_value_string=missing,  # type: ignore[arg-type]
        delimiter=delimiter,
        first_row_is_column_names=header,
        strings_as_factors=strings_as_factors,
        input_encoding=encoding,
        rows_to_sniff=sniff_rows,
        default_decimal_column_type="numeric",
    )
    return Scan(open_source(source, "scan_csv"))


def read_xdf(path: Path, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Read an XDF file, or some of its columns, into a pandas DataFrame."""
    return _read(scan_xdf(path), columns)


def read_parquet(path: Path | Sequence[Path], columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Read Parquet files, or some of their columns, into a pandas DataFrame."""
    return _read(scan_parquet(path), columns)


def read_csv(
    path: Path | Sequence[Path], columns: Sequence[str] | None = None, **options: Any
) -> pd.DataFrame:
    """Read delimited text, or some of its columns, into a pandas DataFrame.

    :param options: the arguments of :func:`scan_csv`.
    """
    return _read(scan_csv(path, **options), columns)


def _read(data: Scan, columns: Sequence[str] | None) -> pd.DataFrame:
    return (data if columns is None else data.select(*columns)).to_pandas()


def _paths(path: Path | Sequence[Path]) -> list[str]:
    one = isinstance(path, (str, os.PathLike))
    listed: Sequence[Any] = [path] if one else path  # type: ignore[assignment]
    return [os.path.expanduser(os.fspath(each)) for each in listed]
