"""Tables and queries of SQL Server."""

from __future__ import annotations

from typing import Any

from revoscalepy._arguments import not_built
from revoscalepy.datasource._database import DatabaseData


class RxSqlServerData(DatabaseData):
    """A table or query of SQL Server, read and written by the server's own protocol; no driver is needed.

    A query runs when the data are used, and again for every further pass over them. A table that is written gets the
    types and widths of all rows; it takes the place of an old one only when it is complete.

    :param connection_string: connection string as of ODBC or ADO, or ``mssql://USER@HOST:PORT/DATABASE``; or
        ``server``, ``database_name``, ``user`` and ``password``, which also replace what the string says. Where
        neither names a login, the variables ``XDF_SQL_USER`` and ``XDF_SQL_PASSWORD`` (or ``XDF_SQL_TOKEN``) do; so
        they do for ``Trusted_Connection``. Certificates are verified, unless the string says
        ``TrustServerCertificate=yes``, or names a driver before ODBC Driver 18, which did not.
    :param table: name of a table, with its schema where need be; exclusive with ``sql_query``.
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

    server: str | None
    database_name: str | None
    user: str | None
    password: str | None

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
        not_built("RxSqlServerData", write_factors_as_indexes=write_factors_as_indexes)
        super().__init__(locals(), kwargs)

    def _address(self, function: str) -> tuple[str, list[tuple[str, str]]]:
        """The connection string, and what stands beside it."""
        beside = {
            "server": self.server,
            "database": self.database_name,
            "uid": self.user,
            "pwd": self.password,
        }
        login = [(keyword, value) for keyword, value in beside.items() if value is not None]
        if self.connection_string is None and self.server is None:
            raise ValueError(f"{function}: {self!r} names no server; give connection_string or server")
        return self.connection_string or "", login
