"""Objects kept in a table of a database, by key and version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from revoscalepy._packed import codec, packed, unpacked
from revoscalepy._store import store

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
    """Keep an object under a key, and a version if there is one, in a table of a SQLite database or of SQL Server.

    Models, DataFrames, arrays, bytes, texts, numbers, and lists and dictionaries of these are kept in formats that run
    no code when they are read; any other object is pickled. The table is made where there is none.

    :param dest: ``RxOdbcData`` with a table and a connection string such as ``"Driver=SQLite3;Database=objects.db"``,
        ``"sqlite:///objects.db"``, or of SQL Server; or ``RxSqlServerData`` with a table.
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
    with store("rx_write_object", dest, create=True) as kept:
        kept.create(key_name, value_name, version_name)
        given = {key_name: key, value_name: shrink(data), version_name: version}
        if not kept.insert(given, {key_name: key, version_name: version}, bool(overwrite)):
            raise ValueError(
                f"rx_write_object: {_named(key, version)} exists; set overwrite=True to replace it"
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
    with store("rx_read_object", src) as kept:
        found = kept.select([value_name, version_name], _given(key, version, key_name, version_name))
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
    with store("rx_delete_object", src) as kept:
        return kept.delete(_given(key, version, key_name, version_name)) > 0


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
    with store("rx_list_keys", src) as kept:
        rows = kept.select([shown], _given(key, version, key_name, version_name), distinct=True)
    return pd.DataFrame({shown: pd.Series([row[0] for row in rows], dtype="object")})


def _key(function: str, key: str | None) -> str:
    if not isinstance(key, str):
        raise TypeError(f"{function}: key must be text, not {type(key).__name__}")
    return key


def _named(key: str, version: str | None) -> str:
    return f"object {key!r}" if version is None else f"object {key!r} of version {version!r}"


def _given(key: str | None, version: str | None, key_name: str, version_name: str) -> dict[str, str | None]:
    """The columns that are asked for by value."""
    return {name: value for name, value in ((key_name, key), (version_name, version)) if value is not None}
