"""Tables that keep objects: of SQLite, and of SQL Server."""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import Any, Protocol

from revoscalepy import _native
from revoscalepy._arguments import UnsupportedArgumentError, path_text
from revoscalepy._source import one_pass
from revoscalepy.datasource.RxSqlServerData import RxSqlServerData

Value = str | bytes | None


class Store(Protocol):
    """A table of keys, values and versions."""

    def create(self, key: str, value: str, version: str) -> None:
        """Make the table where there is none."""

    def insert(self, row: Mapping[str, Value], same: Mapping[str, Value], replace: bool) -> bool:
        """Add a row; where there is one with the values of ``same``, replace it, or add none and return ``False``."""

    def select(
        self, columns: Sequence[str], where: Mapping[str, Value], distinct: bool = False
    ) -> list[tuple[Any, ...]]:
        """Return columns of the rows with these values, in the order of the last column."""

    def delete(self, where: Mapping[str, Value]) -> int:
        """Delete the rows with these values, and return how many there were."""


@contextmanager
def store(function: str, source: Any, create: bool = False) -> Iterator[Store]:
    """The table of a data source; what is done is kept when all of it succeeds.

    :raises TypeError: when ``source`` names no table of a database.
    """
    table = getattr(source, "table", None)
    connection = getattr(source, "connection_string", None)
    if isinstance(source, RxSqlServerData) and isinstance(table, str):
        yield ServerStore(*source._address(function), table)
        return
    if not isinstance(table, str) or not isinstance(connection, str):
        raise TypeError(f"{function}: needs an RxOdbcData with a connection string and a table")
    if "sql server" in connection.lower() or connection.lower().startswith("mssql://"):
        yield ServerStore(connection, [], table)
        return
    path = _sqlite_file(function, connection)
    if not create and not os.path.exists(path):
        raise FileNotFoundError(f"{function}: there is no database {path}")
    try:
        with closing(sqlite3.connect(path)) as database, database:
            yield SqliteStore(database, table)
    except sqlite3.Error as error:
        raise ValueError(f"{function}: {path}, table {table}: {error}") from None


class SqliteStore:
    """A table of a SQLite database."""

    def __init__(self, database: sqlite3.Connection, table: str) -> None:
        self.database = database
        self.table = self._quoted(table)

    @staticmethod
    def _quoted(name: str) -> str:
        # a name in double quotes that does not exist would be a text
        return "`" + name.replace("`", "``") + "`"

    def _where(self, values: Mapping[str, Value]) -> str:
        # a version that is missing is one of its own
        conditions = " AND ".join(f"{self._quoted(name)} IS ?" for name in values)
        return f" WHERE {conditions}" if values else ""

    def create(self, key: str, value: str, version: str) -> None:
        names = [self._quoted(name) for name in (key, value, version)]
        self.database.execute(
            f"CREATE TABLE IF NOT EXISTS {self.table} ({names[0]} TEXT NOT NULL, {names[1]} BLOB, {names[2]} TEXT)"
        )

    def insert(self, row: Mapping[str, Value], same: Mapping[str, Value], replace: bool) -> bool:
        if replace:
            self.delete(same)
        elif self.select(list(same), same):
            return False
        columns = ", ".join(self._quoted(name) for name in row)
        places = ", ".join("?" for _ in row)
        self.database.execute(f"INSERT INTO {self.table} ({columns}) VALUES ({places})", list(row.values()))
        return True

    def select(
        self, columns: Sequence[str], where: Mapping[str, Value], distinct: bool = False
    ) -> list[tuple[Any, ...]]:
        names = ", ".join(self._quoted(name) for name in columns)
        start = "SELECT DISTINCT" if distinct else "SELECT"
        statement = f"{start} {names} FROM {self.table}{self._where(where)} ORDER BY {len(columns)}"
        return self.database.execute(statement, list(where.values())).fetchall()

    def delete(self, where: Mapping[str, Value]) -> int:
        statement = f"DELETE FROM {self.table}{self._where(where)}"
        return self.database.execute(statement, list(where.values())).rowcount


class ServerStore:
    """A table of SQL Server. Every method is one batch, and what changes rows is one transaction."""

    def __init__(self, connection: str, login: list[tuple[str, str]], table: str) -> None:
        self.address = (connection, login)
        self.table = ".".join(self._quoted(part.strip("[]")) for part in table.split("."))

    @staticmethod
    def _quoted(name: str) -> str:
        return "[" + name.replace("]", "]]") + "]"

    @staticmethod
    def _literal(value: Value) -> str:
        if value is None:
            return "NULL"
        if isinstance(value, bytes):
            return "0x" + value.hex()
        # a backslash at the end of a line would join it with the next one
        pieces = re.split(r"(?<=\\)(?=\r?\n)", value.replace("'", "''"))
        return "(" + " + ".join(f"N'{piece}'" for piece in pieces) + ")"

    def _where(self, values: Mapping[str, Value]) -> str:
        conditions = " AND ".join(
            f"{self._quoted(name)} IS NULL"
            if value is None
            else f"{self._quoted(name)} = {self._literal(value)}"
            for name, value in values.items()
        )
        return f" WHERE {conditions}" if values else ""

    def create(self, key: str, value: str, version: str) -> None:
        names = [self._quoted(name) for name in (key, value, version)]
        _native.sql_execute(
            *self.address,
            f"IF OBJECT_ID({self._literal(self.table)}) IS NULL CREATE TABLE {self.table} "
            f"({names[0]} nvarchar(450) NOT NULL, {names[1]} varbinary(max), {names[2]} nvarchar(450))",
            one_pass(),
        )

    def insert(self, row: Mapping[str, Value], same: Mapping[str, Value], replace: bool) -> bool:
        columns = ", ".join(self._quoted(name) for name in row)
        values = ", ".join(self._literal(value) for value in row.values())
        into = f"INSERT INTO {self.table} ({columns})"
        if replace:
            statement = (
                f"SET XACT_ABORT ON; BEGIN TRANSACTION; DELETE FROM {self.table}{self._where(same)}; "
                f"{into} VALUES ({values}); COMMIT TRANSACTION"
            )
            _native.sql_execute(*self.address, statement, one_pass())
            return True
        there = f"SELECT 1 FROM {self.table}{self._where(same)}"
        statement = f"{into} SELECT {values} WHERE NOT EXISTS ({there})"
        return _native.sql_execute(*self.address, statement, one_pass()) != 0

    def select(
        self, columns: Sequence[str], where: Mapping[str, Value], distinct: bool = False
    ) -> list[tuple[Any, ...]]:
        names = ", ".join(self._quoted(name) for name in columns)
        start = "SELECT DISTINCT" if distinct else "SELECT"
        statement = f"{start} {names} FROM {self.table}{self._where(where)} ORDER BY {len(columns)}"
        import pyarrow as pa

        found = pa.table(_native.sql_query(*self.address, statement, one_pass()))
        return list(zip(*(column.to_pylist() for column in found.columns), strict=True))

    def delete(self, where: Mapping[str, Value]) -> int:
        statement = f"DELETE FROM {self.table}{self._where(where)}"
        return _native.sql_execute(*self.address, statement, one_pass()) or 0


def _sqlite_file(function: str, connection: str) -> str:
    """The file of a SQLite database, from an ODBC connection string or a URL."""
    if connection.startswith("sqlite:///"):
        return path_text(connection.removeprefix("sqlite:///"))
    parts = {
        name.strip().lower(): text.strip().strip("{}")
        for name, _, text in (part.partition("=") for part in re.split(r";(?![^{]*\})", connection))
    }
    if "sqlite" in parts.get("driver", "").lower() and parts.get("database"):
        return path_text(parts["database"])
    raise UnsupportedArgumentError(
        f"{function}: only SQLite and SQL Server can be reached yet; give a connection string such as "
        "'Driver=SQLite3;Database=objects.db', 'sqlite:///objects.db' or that of a SQL Server"
    )
