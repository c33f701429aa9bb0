"""Partitions: a data set split by the values of key columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from revoscalepy import _native
from revoscalepy._arguments import appends_rows, names, no_extra
from revoscalepy._frames import to_pandas
from revoscalepy._output import compression_level
from revoscalepy._paths import input_path, output_path
from revoscalepy._source import one_pass, open_source, writing
from revoscalepy.datasource.RxXdfData import RxXdfData

if TYPE_CHECKING:
    import pandas as pd


def rx_partition(
    input_data: Any,
    output_data: RxXdfData,
    vars_to_partition: list[str] | str,
    append: str = "rows",
    overwrite: bool = False,
    **kwargs: Any,
) -> pd.DataFrame:
    """Split data by the values of key columns, into a folder of XDF files.

    :param input_data: data source, path, DataFrame or Arrow object.
    :param output_data: an ``RxXdfData`` that names the folder.
    :param vars_to_partition: the key columns: logicals, integers, texts, factors, dates or timestamps. Missing is a
        value of its own.
    :param append: ``"rows"`` adds to the partitions that are there, or begins; ``"none"`` makes new ones.
    :param overwrite: whether partitions that are there are replaced; then nothing is added.
    :returns: a DataFrame: the key columns, and ``DataSource`` with an ``RxXdfData`` for each partition, in the order of
        the keys.
    :raises FileExistsError: when the folder has partitions, with ``append="none"`` and without ``overwrite``.
    """
    no_extra("rx_partition", kwargs)
    if not isinstance(output_data, RxXdfData):
        raise TypeError(f"rx_partition: output_data must be an RxXdfData, not {type(output_data).__name__}")
    appends = appends_rows("rx_partition", append) and not overwrite
    path = output_path("rx_partition", output_data)
    keys = names("vars_to_partition", vars_to_partition) or []
    open_source(input_data, "rx_partition").write_partitioned(
        path, keys, writing(compression_level(None), bool(overwrite), append=appends), one_pass()
    )
    return _partitions(path)


def rx_get_partitions(input_data: RxXdfData | str | None = None, **kwargs: Any) -> pd.DataFrame:
    """Return the partitions of a partitioned set, as ``rx_partition`` does.

    :param input_data: an ``RxXdfData`` that names the folder, or its path.
    :returns: a DataFrame: the key columns, and ``DataSource`` with an ``RxXdfData`` for each partition, in the order of
        the keys.
    :raises ValueError: when it is no partitioned set.
    """
    no_extra("rx_get_partitions", kwargs)
    if input_data is None:
        raise TypeError("rx_get_partitions: input_data must be an RxXdfData")
    file = input_data.file if isinstance(input_data, RxXdfData) else input_data
    return _partitions(input_path(file))


def _partitions(path: str) -> pd.DataFrame:
    table, partitions = _native.Source.open([path], None, False, one_pass()).partitions()
    frame = to_pandas(table)
    sources = []
    for partition in partitions:
        source = RxXdfData(path)
        source._partition = partition
        sources.append(source)
    frame["DataSource"] = sources
    return frame
