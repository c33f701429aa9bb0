"""Tables and queries of SQL Server."""

from __future__ import annotations

from typing import Any

from revoscalepy.datasource._database import DatabaseData


class RxSqlServerData(DatabaseData):
    """A table or query of SQL Server; it cannot be read or written yet, and says so when that is tried.

    :param connection_string: ODBC connection string; or ``server``, ``database_name``, ``user`` and ``password``.
    :param table: name of a table; exclusive with ``sql_query``.
    :param sql_query: text of a query.
    :param row_buffering: kept.
    :param return_data_frame: a DataFrame (default) or a dictionary of arrays comes out.
    :param string_as_factors: texts become factors.
    :param column_classes: column name to type name, see :class:`RxTextData`.
    :param column_info: column name to a dictionary with ``type``, ``levels`` and so on, see :class:`RxTextData`.
    :param rows_per_read: rows of a chunk.
    :param verbose: kept.
    :param use_fast_read: kept.
    :param server: name of the server, or of an instance of it.
    :param database_name: name of the database.
    :param user: name of the login; ``None`` for that of the operating system.
    :param password: its password.
    :param write_factors_as_indexes: factors are written as numbers.
    :param kwargs: kept.
    """

    _missing = (
        "data of SQL Server cannot be read or written by this package yet, because it has no client for its protocol; "
        "move them in a file (Parquet, text) or in a DataFrame of a database driver"
    )

    def __init__(
        self,
        connection_string: str | None = None,
        table: str | None = None,
        sql_query: str | None = None,
        row_buffering: bool = True,
        return_data_frame: bool = True,
        string_as_factors: bool = False,
        column_classes: dict[str, str] | None = None,
        column_info: dict[str, dict[str, Any]] | None = None,
        rows_per_read: int = 50000,
        verbose: bool = False,
        use_fast_read: bool = True,
        server: str | None = None,
        database_name: str | None = None,
        user: str | None = None,
        password: str | None = None,
        write_factors_as_indexes: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(locals(), kwargs)
