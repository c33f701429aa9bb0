"""What functions on formulas of variables have in common: their data, and results that are one row a table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from revoscalepy._arguments import no_extra, not_built
from revoscalepy._html import page, printed
from revoscalepy._source import data_class, data_name
from revoscalepy._steps import Steps

if TYPE_CHECKING:
    from revoscalepy import _native


def prepared(
    function: str,
    data: Any,
    steps: Steps,
    unbuilt: Mapping[str, Any],
    extra: Mapping[str, Any],
) -> _native.Source:
    """The source with its steps; ``unbuilt`` has arguments that must not ask for anything."""
    no_extra(function, extra)
    not_built(function, **unbuilt)
    return steps.source(function, data)


class Fields:
    """A result whose fields are items, and attributes with underscores for dots; printed as documented."""

    def __init__(self, fields: dict[str, Any], text: str) -> None:
        self._fields = fields
        self._text = text

    def __getitem__(self, name: str) -> Any:
        return self._fields[name]

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("_"):
            fields = self.__dict__.get("_fields", {})
            for key in (name, name.replace("_", ".")):
                if key in fields:
                    return fields[key]
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")

    def __contains__(self, name: object) -> bool:
        return name in self._fields

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *(name.replace(".", "_") for name in self._fields)]

    def keys(self) -> list[str]:
        """Return the names of the fields."""
        return list(self._fields)

    def __repr__(self) -> str:
        return self._text

    __str__ = __repr__

    def _repr_html_(self) -> str:
        tables = list(self._shown())
        return page(self._fields.get("call"), tables) if tables else printed(self._text)

    def _shown(self) -> Iterable[tuple[str, Any]]:
        """The tables that notebooks show, with captions; without any, the text."""
        return ()


def number(x: float | None) -> float:
    """A number of JSON, which has no NaN."""
    return float("nan") if x is None else float(x)


def source_line(data: Any) -> str:
    """The line that says where results come from."""
    file = data_name(data)
    return f"File name: {file}" if file else f"Data: {data_class(data)}"
