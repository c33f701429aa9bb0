"""Tables and queries of databases with an ODBC driver."""

from __future__ import annotations

from typing import Any

from revoscalepy._arguments import not_built
from revoscalepy.datasource._database import DatabaseData


class RxOdbcData(DatabaseData):
    """A table or query of any database with an ODBC driver, read and written.

    The driver manager and the driver are looked for when the data are used. A query runs then, and again for every
    further pass over the data. A table that is written takes the place of an old one only when it is complete.

    :param connection_string: ODBC connection string: ``DSN=NAME;...``, or ``Driver=NAME OR PATH;...``.
    :param table: name of a table; exclusive with ``sql_query``.
    :param sql_query: text of a query.
    :param dbms_name: kept; the driver says it.
    :param database_name: name of the database, where the connection string has none.
    :param use_fast_read: kept.
    :param trim_space: leave blanks at the end of texts out.
    :param row_buffering: kept.
    :param return_data_frame: a DataFrame (default) or a dictionary of arrays comes out.
    :param string_as_factors: texts become factors.
    :param column_classes: column name to type name, see :class:`RxTextData`.
    :param column_info: column name to a dictionary with ``type``, ``levels`` and so on, see :class:`RxTextData`.
    :param rows_per_read: rows of a chunk.
    :param verbose: kept.
    :param write_factors_as_indexes: factors are written as numbers (not yet).
    :param kwargs: kept.
    """

    database_name: str | None
    trim_space: bool

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
        not_built("RxOdbcData", write_factors_as_indexes=write_factors_as_indexes)
        super().__init__(locals(), kwargs)

    def _address(self, function: str) -> tuple[str, list[tuple[str, str]]]:
        if self.connection_string is None:
            raise ValueError(f"{function}: {self!r} names no database; give connection_string")
        scheme = "odbc-trimmed:" if self.trim_space else "odbc:"
        named = "" if self.database_name is None else f";Database={self.database_name}"
        return f"{scheme}{self.connection_string.rstrip(';')}{named}", []
