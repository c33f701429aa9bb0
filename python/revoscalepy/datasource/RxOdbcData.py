"""Tables and queries of databases with an ODBC driver."""

from __future__ import annotations

from typing import Any

from revoscalepy.datasource._database import DatabaseData


class RxOdbcData(DatabaseData):
    """A table or query of a database; it cannot be read or written yet, and says so when that is tried.

    :param connection_string: ODBC connection string.
    :param table: name of a table; exclusive with ``sql_query``.
    :param sql_query: text of a query.
    :param dbms_name: name of the database system.
    :param database_name: name of the database.
    :param use_fast_read: kept.
    :param trim_space: leave blanks at the end of texts out.
    :param row_buffering: kept.
    :param return_data_frame: a DataFrame (default) or a dictionary of arrays comes out.
    :param string_as_factors: texts become factors.
    :param column_classes: column name to type name, see :class:`RxTextData`.
    :param column_info: column name to a dictionary with ``type``, ``levels`` and so on, see :class:`RxTextData`.
    :param rows_per_read: rows of a chunk.
    :param verbose: kept.
    :param write_factors_as_indexes: factors are written as numbers.
    :param kwargs: kept.
    """

    _missing = (
        "data of ODBC drivers cannot be read or written by this package yet; move them in a file (Parquet, text) or in "
        "a DataFrame of a database driver"
    )

    def __init__(
        self,
        connection_string: str | None = None,
        table: str | None = None,
        sql_query: str | None = None,
        dbms_name: str | None = None,
        database_name: str | None = None,
        use_fast_read: bool = True,
        trim_space: bool = True,
        row_buffering: bool = True,
        return_data_frame: bool = True,
        string_as_factors: bool = False,
        column_classes: dict[str, str] | None = None,
        column_info: dict[str, dict[str, Any]] | None = None,
        rows_per_read: int = 500000,
        verbose: int = 0,
        write_factors_as_indexes: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(locals(), kwargs)
