"""What the descriptions of tables in databases have in common."""

from __future__ import annotations

from collections.abc import Mapping
from inspect import signature
from typing import Any

from revoscalepy import _native
from revoscalepy._arguments import UnsupportedArgumentError
from revoscalepy._text import checked_types
from revoscalepy.datasource.RxDataSource import RxDataSource


class DatabaseData(RxDataSource):
    """A table or query of a database; a kind that cannot be reached says what is missing when it is read or written."""

    #: what is missing to reach the data; ``None`` where nothing is
    _missing: str | None = None

    connection_string: str | None
    table: str | None
    sql_query: str | None

    def __init__(self, arguments: Mapping[str, Any], further: Mapping[str, Any]) -> None:
        kind = type(self).__name__
        documented = signature(type(self)).parameters.keys() - {"kwargs"}
        kept = {name: value for name, value in arguments.items() if name in documented}
        if kept["table"] is not None and kept["sql_query"] is not None:
            raise ValueError(f"{kind}: table and sql_query exclude each other; give one of them")
        address = kept["connection_string"]
        if address is not None and not isinstance(address, str):
            raise TypeError(f"{kind}: connection_string must be text, not {type(address).__name__}")
        # wrong types are told now, not at the first use
        checked_types(kept["column_classes"], kept["column_info"])
        super().__init__(kept["column_info"])
        vars(self).update({**kept, **further})

    def _open(self) -> _native.Source:
        raise UnsupportedArgumentError(f"{self!r}: {self._missing}")

    def __repr__(self) -> str:
        # a connection string may hold a password
        what = f"sql_query={self.sql_query!r}" if self.table is None else f"table={self.table!r}"
        return f"{type(self).__name__}({what})"
