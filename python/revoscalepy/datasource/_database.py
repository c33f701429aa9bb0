"""What the descriptions of tables in databases have in common."""

from __future__ import annotations

from collections.abc import Mapping
from inspect import signature
from typing import Any

from revoscalepy import _native
from revoscalepy._columns import with_types
from revoscalepy._source import one_pass
from revoscalepy._text import checked_types
from revoscalepy.computecontext.RxComputeContext import rx_get_compute_context
from revoscalepy.datasource.RxDataSource import RxDataSource


class DatabaseData(RxDataSource):
    """A table or query of a database. A query runs when the data are used, and again for every further pass."""

    connection_string: str | None
    table: str | None
    sql_query: str | None
    column_classes: dict[str, str] | None
    string_as_factors: bool
    rows_per_read: int

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

    def _address(self, function: str) -> tuple[str, list[tuple[str, str]]]:
        """The connection string, and what stands beside it."""
        raise NotImplementedError

    def _open(self) -> _native.Source:
        if self.table is None and self.sql_query is None:
            raise ValueError(f"{self!r}: give table or sql_query")
        address, login = self._address(type(self).__name__)
        stays = rx_get_compute_context()._in_database
        source = _native.sql_source(
            address, login, self.table, self.sql_query, int(self.rows_per_read), stays, one_pass()
        )
        return with_types(source, self.column_classes, self.column_info, self.string_as_factors)

    def _write(
        self,
        function: str,
        source: _native.Source,
        *,
        append: bool,
        overwrite: bool,
        options: dict[str, Any],
    ) -> None:
        """Write a source to the table."""
        if self.table is None:
            raise ValueError(f"{function}: {self!r} is a query; rows are written to a table")
        address, login = self._address(function)
        if_exists = "append" if append else "replace" if overwrite else "fail"
        _native.sql_write(source, address, login, self.table, if_exists, options)

    def __repr__(self) -> str:
        # a connection string may hold a password
        what = f"sql_query={self.sql_query!r}" if self.table is None else f"table={self.table!r}"
        return f"{type(self).__name__}({what})"
