"""The arguments of a text source in the engine's terms."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from revoscalepy._arguments import not_built

if TYPE_CHECKING:
    from revoscalepy.datasource.RxTextData import RxTextData

# the properties of column_info that change values, and those that only describe
_READING = {"type", "levels"}
_DESCRIBING = {"newName", "description", "low", "high"}
_DECIMALS = {None: "float32", "float32": "float32", "numeric": "float64"}
_MISSING = {None: "float32", "float32": "float32", "numeric": "float64", "character": "character"}


def text_options(source: RxTextData) -> str:
    """The reading options of a text source as JSON.

    :raises ValueError: when an argument has a value that cannot be used.
    """
    types, factors = checked_types(source.column_classes, source.column_info)
    if source.missing_value_string is None:
        missing: list[str] = []
    elif isinstance(source.missing_value_string, str):
        missing = [source.missing_value_string]
    else:
        missing = [str(text) for text in source.missing_value_string]
    return json.dumps(
        {
            "delimiter": source.delimiter,
            "combine_delimiters": bool(source.combine_delimiters),
            "quote": source.quote_mark or "",
            "header": source.first_row_is_column_names,
            "missing": ["", *missing],
            "types": types,
            "factors": factors,
            "strings_as_factors": bool(source.strings_as_factors),
            "default_decimal": _choice(
                "default_decimal_column_type", source.default_decimal_column_type, _DECIMALS
            ),
            "default_missing": _choice(
                "default_missing_column_type", source.default_missing_column_type, _MISSING
            ),
            "sniff_rows": max(int(source.rows_to_sniff), 1),
            "skip_rows": int(source.rows_to_skip),
            "decimal": source.decimal_point,
            "thousands": source.thousands_separator,
            "encoding": source.input_encoding,
        }
    )


def checked_types(
    column_classes: Mapping[str, str] | None,
    column_info: Mapping[str, Mapping[str, Any]] | None,
) -> tuple[dict[str, str], dict[str, list[str]]]:
    """The types by column, and the levels of the factors that have them.

    :raises ValueError: when levels are given for a column that is to be no factor.
    """
    types = dict(column_classes or {})
    factors: dict[str, list[str]] = {}
    for column, info in (column_info or {}).items():
        _check_info(column, info)
        kind = info.get("type")
        levels = info.get("levels")
        if levels is not None:
            if kind not in (None, "factor", "ordered"):
                raise ValueError(f"column_info['{column}']: levels go with type 'factor', not '{kind}'")
            factors[column] = [str(level) for level in levels]
            types.pop(column, None)
        elif kind is not None:
            types[column] = kind
    for column, kind in types.items():
        if not isinstance(kind, str):
            raise TypeError(f"the type of column '{column}' must be a type name, not {type(kind).__name__}")
    return types, factors


def _choice(argument: str, value: str | None, choices: Mapping[str | None, str]) -> str:
    if value not in choices:
        known = ", ".join(repr(choice) for choice in choices if choice is not None)
        raise ValueError(f"{argument} must be one of {known}, not {value!r}")
    return choices[value]


def _check_info(column: str, info: Any) -> None:
    if not isinstance(info, Mapping):
        raise TypeError(f"column_info['{column}'] must be a dictionary, not {type(info).__name__}")
    for name, value in info.items():
        if name not in _READING | _DESCRIBING:
            not_built("RxTextData", **{f"column_info['{column}']['{name}']": value})
    levels = info.get("levels")
    if levels is not None and (isinstance(levels, str) or not isinstance(levels, Sequence)):
        raise TypeError(f"column_info['{column}']['levels'] must be a list of texts")


def notes(column_info: Mapping[str, Mapping[str, Any]] | None) -> list[dict[str, Any]]:
    """What ``column_info`` says about names and metadata, for :meth:`_native.Source.annotate`."""
    result = []
    for column, info in (column_info or {}).items():
        metadata = {}
        if info.get("type") == "ordered":
            metadata["xdf.ordered"] = "true"
        for name in ("description", "low", "high"):
            if info.get(name) is not None:
                metadata[f"xdf.{name}"] = str(info[name])
        name = str(info.get("newName") or column)
        if metadata or name != column:
            result.append({"column": column, "name": name, "metadata": metadata})
    return result
