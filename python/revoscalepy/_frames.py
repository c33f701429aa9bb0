"""Between pandas and Arrow, both ways.

In: every column keeps its type; NaN and None are missing; a categorical becomes a factor with all of its categories.
Out: an integer or logical column with missing values becomes a nullable one (``Int32``, ``boolean``), or, with
``RxOptions.set_option("integerMissing", "sentinel")``, carries Microsoft's sentinels (the least integer, for unsigned
the greatest); with ``RxOptions.set_option("pandasTypes", "nullable")`` or ``"arrow"`` all columns are of such types; a
factor becomes a categorical with all levels in order; dates and times become ``datetime64``.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from revoscalepy.utils.RxOptions import RxOptions

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


#: pandas' nullable type of each Arrow type
_NULLABLE = {
    **{f"{sign}int{bits}": f"{sign.upper()}Int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)},
    "bool": "boolean",
    "float": "Float32",
    "double": "Float64",
    "string": "string",
}


def is_pandas(data: Any) -> bool:
    """Whether ``data`` is a pandas DataFrame; does not import pandas for the answer."""
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(data, pandas.DataFrame)


def to_arrow(data: Any) -> Any:
    """An object with the Arrow PyCapsule interface for any table-like ``data``; ``None`` when it is none."""
    if is_pandas(data):
        return from_pandas(data)
    if hasattr(data, "__arrow_c_stream__") or hasattr(data, "__arrow_c_array__"):
        return _without_sentinels(data)
    fields = getattr(getattr(data, "dtype", None), "names", None)
    if fields is not None:  # a structured array of numpy
        data = {name: data[name] for name in fields}
    if isinstance(data, Mapping):
        import pyarrow as pa

        return _without_sentinels(pa.table({str(name): column for name, column in data.items()}))
    return None


def from_pandas(frame: pd.DataFrame) -> pa.Table:
    """The columns of a frame as an Arrow table; the index is not a column."""
    import pandas as pd
    import pyarrow as pa

    changed = {}
    for position, name in enumerate(frame.columns):
        column = frame.iloc[:, position]
        dtype = column.dtype
        if isinstance(dtype, pd.CategoricalDtype) and not all(isinstance(c, str) for c in dtype.categories):
            # levels are texts
            changed[name] = column.cat.rename_categories([str(category) for category in dtype.categories])
    if changed:
        frame = (
            frame.assign(**changed) if all(isinstance(n, str) for n in changed) else _replaced(frame, changed)
        )
    if not all(isinstance(name, str) for name in frame.columns):
        frame = frame.set_axis([str(name) for name in frame.columns], axis=1)
    return _without_sentinels(pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None))


def _replaced(frame: pd.DataFrame, columns: Mapping[Any, pd.Series]) -> pd.DataFrame:
    frame = frame.copy(deep=False)
    for name, column in columns.items():
        frame[name] = column
    return frame


def _without_sentinels(data: Any) -> Any:
    """``data`` with the sentinels of old programs as missing values, where that is asked for."""
    if RxOptions.get_option("integerMissing") != "sentinel":
        return data
    import pyarrow as pa
    import pyarrow.compute as pc

    table = pa.table(data)
    for position, field in enumerate(table.schema):
        if pa.types.is_integer(field.type):
            column = table.column(position)
            present = pc.not_equal(column, pa.scalar(sentinel(field.type), field.type))
            table = table.set_column(
                position, field, pc.if_else(present, column, pa.scalar(None, field.type))
            )
    return table


def sentinel(kind: pa.DataType) -> int:
    """Microsoft's missing value of an integer type."""
    if str(kind).startswith("u"):
        return int(2**kind.bit_width - 1)
    return int(-(2 ** (kind.bit_width - 1)))


def to_pandas(stream: Any, types: str | None = None) -> pd.DataFrame:
    """A frame with the columns of an Arrow stream and a range index; types as of the option ``pandasTypes``."""
    import pandas as pd
    import pyarrow as pa

    table = pa.table(stream)
    columns = {field.name: _series(field, table.column(i), types) for i, field in enumerate(table.schema)}
    return pd.DataFrame(columns, index=pd.RangeIndex(table.num_rows), copy=False)


def to_arrays(stream: Any) -> dict[str, Any]:
    """The columns of an Arrow stream as numpy arrays by name."""
    frame = to_pandas(stream)
    return {str(name): frame[name].to_numpy() for name in frame.columns}


def _series(field: pa.Field, column: pa.ChunkedArray, types: str | None) -> Any:
    import pandas as pd
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = field.type
    if pa.types.is_dictionary(kind):
        return _categorical(field, column)
    if (
        pa.types.is_integer(kind)
        and column.null_count
        and RxOptions.get_option("integerMissing") == "sentinel"
    ):
        return pc.fill_null(column, pa.scalar(sentinel(kind), kind)).to_pandas()
    types = RxOptions.get_option("pandasTypes") if types is None else types
    if types == "arrow":
        return column.to_pandas(types_mapper=pd.ArrowDtype)
    name = _NULLABLE.get(str(kind))
    if name is not None and (
        types == "nullable" or (column.null_count and name not in ("Float32", "Float64", "string"))
    ):
        return pd.Series(pd.array(_nullable(column, name), copy=False))
    if pa.types.is_date(kind):
        return column.to_pandas(date_as_object=False)
    return column.to_pandas()


def _nullable(column: pa.ChunkedArray, name: str) -> Any:
    from pandas.api.types import pandas_dtype

    return pandas_dtype(name).__from_arrow__(column)


def _categorical(field: pa.Field, column: pa.ChunkedArray) -> Any:
    import numpy as np
    import pandas as pd

    metadata = field.metadata or {}
    chunks = column.unify_dictionaries().chunks
    if chunks:
        levels = chunks[0].dictionary.to_pylist()
        codes = np.concatenate(
            [chunk.indices.fill_null(-1).to_numpy(zero_copy_only=False) for chunk in chunks]
        )
    else:
        levels = json.loads(metadata.get(b"xdf.levels", b"[]"))
        codes = np.empty(0, dtype=np.int32)
    ordered = field.type.ordered or metadata.get(b"xdf.ordered") == b"true"
    return pd.Series(pd.Categorical.from_codes(codes, categories=levels, ordered=ordered))
