"""Objects kept in a table of a database, by key and version."""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

from revoscalepy._arguments import UnsupportedArgumentError, path_text
from revoscalepy._packed import codec, packed, unpacked

if TYPE_CHECKING:
    import pandas as pd


def rx_write_object(
    dest: Any,
    key: str | None = None,
    value: Any = None,
    version: str | None = None,
    key_name: str = "id",
    value_name: str = "value",
    version_name: str = "version",
    serialize: bool = True,
    overwrite: bool = False,
    compress: str | None = "zip",
) -> bool:
    """Keep an object under a key, and a version if there is one, in a table of a SQLite database.

    Models, DataFrames, arrays, bytes, texts, numbers, and lists and dictionaries of these are kept in formats that run
    no code when they are read; any other object is pickled. The table is made where there is none.

    :param dest: ``RxOdbcData`` with a table and a connection string such as ``"Driver=SQLite3;Database=objects.db"``
        or ``"sqlite:///objects.db"``.
    :param key: the key.
    :param value: the object.
    :param version: text that tells objects of one key apart.
    :param key_name: name of the column of keys.
    :param value_name: name of the column of objects.
    :param version_name: name of the column of versions.
    :param serialize: ``False`` keeps bytes as they are.
    :param overwrite: whether the object with this key and version is replaced.
    :param compress: ``"zip"`` (zlib), ``"gzip"``, ``"bz2"``, ``"lzma"`` or ``"none"``.
    :returns: ``True``.
    :raises ValueError: when there is one already, without ``overwrite``.
    """
    key = _key("rx_write_object", key)
    shrink, _ = codec("compress", compress)
    if serialize:
        data = packed(value)
    elif isinstance(value, (bytes, bytearray)):
        data = bytes(value)
    else:
        raise TypeError(
            f"rx_write_object: with serialize=False value must be bytes, not {type(value).__name__}"
        )
    with _table("rx_write_object", dest, create=True) as (database, table):
        columns = [_quoted(name) for name in (key_name, value_name, version_name)]
        database.execute(
            f"CREATE TABLE IF NOT EXISTS {table} ({columns[0]} TEXT NOT NULL, {columns[1]} BLOB, {columns[2]} TEXT)"
        )
        # a version that is missing is one of its own
        same = f"{columns[0]} = ? AND {columns[2]} IS ?"
        if overwrite:
            database.execute(f"DELETE FROM {table} WHERE {same}", (key, version))
        elif database.execute(f"SELECT 1 FROM {table} WHERE {same}", (key, version)).fetchone():
            raise ValueError(
                f"rx_write_object: {_named(key, version)} exists; set overwrite=True to replace it"
            )
        database.execute(
            f"INSERT INTO {table} ({', '.join(columns)}) VALUES (?, ?, ?)", (key, shrink(data), version)
        )
    return True


def rx_read_object(
    src: Any,
    key: str | None = None,
    version: str | None = None,
    key_name: str = "id",
    value_name: str = "value",
    version_name: str = "version",
    deserialize: bool | str = True,
    decompress: str | None = "zip",
) -> Any:
    """Return an object that :func:`rx_write_object` kept.

    :param src: as ``dest`` of :func:`rx_write_object`.
    :param key: the key.
    :param version: the version; ``None`` for the only one that there is.
    :param key_name: name of the column of keys.
    :param value_name: name of the column of objects.
    :param version_name: name of the column of versions.
    :param deserialize: ``False`` returns the bytes; ``"pickle"`` also reads pickled objects. **Reading a pickle runs
        any code that it holds**: ask for it only with tables that you trust.
    :param decompress: as ``compress`` of :func:`rx_write_object`.
    :raises KeyError: when there is no such object.
    :raises ValueError: when there are several versions and none is named, and for a pickle that is not allowed.
    """
    key = _key("rx_read_object", key)
    if deserialize not in (True, False, "pickle"):
        raise ValueError(f"rx_read_object: deserialize must be True, False or 'pickle', not {deserialize!r}")
    _, expand = codec("decompress", decompress)
    with _table("rx_read_object", src) as (database, table):
        condition, values = _where(key, version, key_name, version_name)
        found = database.execute(
            f"SELECT {_quoted(value_name)}, {_quoted(version_name)} FROM {table}{condition} ORDER BY 2",
            values,
        ).fetchall()
    if not found:
        raise KeyError(f"rx_read_object: there is no {_named(key, version)}")
    if len(found) > 1:
        raise ValueError(
            f"rx_read_object: {_named(key, version)} has {len(found)} versions: "
            f"{', '.join(repr(row[1]) for row in found)}; name one"
        )
    try:
        data = expand(bytes(found[0][0]))
    except Exception as error:
        raise ValueError(
            f"rx_read_object: {_named(key, version)} is not compressed by {decompress!r}: {error}"
        ) from None
    return unpacked(data, deserialize == "pickle") if deserialize else data


def rx_delete_object(
    src: Any,
    key: str | None = None,
    version: str | None = None,
    key_name: str = "id",
    version_name: str = "version",
    all: bool = False,
) -> bool:
    """Delete objects.

    :param src: as ``dest`` of :func:`rx_write_object`.
    :param key: the key.
    :param version: the version; ``None`` for all versions of the key.
    :param key_name: name of the column of keys.
    :param version_name: name of the column of versions.
    :param all: delete every object of the table; then there is no key.
    :returns: whether anything was deleted.
    :raises ValueError: when there are both a key and ``all``, or neither.
    """
    if all and (key is not None or version is not None):
        raise ValueError("rx_delete_object: a key or version and all=True exclude each other")
    if not all:
        key = _key("rx_delete_object", key)
    with _table("rx_delete_object", src) as (database, table):
        condition, values = _where(key, version, key_name, version_name)
        return database.execute(f"DELETE FROM {table}{condition}", values).rowcount > 0


def rx_list_keys(
    src: Any,
    key: str | None = None,
    version: str | None = None,
    key_name: str = "id",
    version_name: str = "version",
) -> pd.DataFrame:
    """Return the keys of a table as a DataFrame with one column, each once, in order.

    :param src: as ``dest`` of :func:`rx_write_object`.
    :param key: only this key; then the column has its versions.
    :param version: only keys with this version.
    :param key_name: name of the column of keys.
    :param version_name: name of the column of versions.
    """
    import pandas as pd

    shown = key_name if key is None else version_name
    with _table("rx_list_keys", src) as (database, table):
        condition, values = _where(key, version, key_name, version_name)
        column = _quoted(shown)
        rows = database.execute(
            f"SELECT DISTINCT {column} FROM {table}{condition} ORDER BY {column}", values
        ).fetchall()
    return pd.DataFrame({shown: pd.Series([row[0] for row in rows], dtype="object")})


def _key(function: str, key: str | None) -> str:
    if not isinstance(key, str):
        raise TypeError(f"{function}: key must be text, not {type(key).__name__}")
    return key


def _named(key: str, version: str | None) -> str:
    return f"object {key!r}" if version is None else f"object {key!r} of version {version!r}"


def _where(key: str | None, version: str | None, key_name: str, version_name: str) -> tuple[str, list[str]]:
    """The condition on key and version, where they are given, and its values."""
    given = [(name, value) for name, value in ((key_name, key), (version_name, version)) if value is not None]
    condition = " AND ".join(f"{_quoted(name)} = ?" for name, _ in given)
    return f" WHERE {condition}" if given else "", [value for _, value in given]


def _quoted(name: str) -> str:
    """A name within a statement; in SQLite a name in double quotes that does not exist would be a text."""
    return "`" + name.replace("`", "``") + "`"


@contextmanager
def _table(function: str, source: Any, create: bool = False) -> Iterator[tuple[sqlite3.Connection, str]]:
    """The database and the quoted name of the table; what is done is kept when all of it succeeds."""
    table = getattr(source, "table", None)
    connection = getattr(source, "connection_string", None)
    if not isinstance(table, str) or not isinstance(connection, str):
        raise TypeError(f"{function}: needs an RxOdbcData with a connection string and a table")
    path = _sqlite_file(function, connection)
    if not create and not os.path.exists(path):
        raise FileNotFoundError(f"{function}: there is no database {path}")
    try:
        with closing(sqlite3.connect(path)) as database, database:
            yield database, _quoted(table)
    except sqlite3.Error as error:
        raise ValueError(f"{function}: {path}, table {table}: {error}") from None


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
        f"{function}: only SQLite databases can be reached yet; give a connection string such as "
        "'Driver=SQLite3;Database=objects.db' or 'sqlite:///objects.db'"
    )
