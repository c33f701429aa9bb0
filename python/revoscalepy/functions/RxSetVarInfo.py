"""Names, levels and descriptions of columns, changed in place."""

from __future__ import annotations

import json
import os
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from revoscalepy import _native
from revoscalepy._arguments import kept, names
from revoscalepy._frames import is_pandas
from revoscalepy._paths import input_path
from revoscalepy._source import one_pass, open_source
from revoscalepy.datasource.RxXdfData import RxXdfData
from revoscalepy.functions.RxGetInfo import GetVarInfoResults, rx_get_var_info

#: what is known of a column and is no more than told: it may stand in the argument, unchanged
_TOLD = ("varType", "storage", "position")


def rx_set_var_info(var_info: Mapping[str, Mapping[str, Any]], data: Any) -> Any:
    """Change what is said of columns; the values stay.

    :param var_info: column name to a dictionary, as of :func:`rx_get_var_info`, with any of: ``newName``,
        ``description``, ``low`` and ``high``, ``levels`` (other texts for all levels of a factor, in order;
        ``newLevels`` means the same), ``valueInfoCodes`` and ``valueInfoLabels``. Columns and properties that are left
        out stay as they are.
    :param data: XDF file, as path or ``RxXdfData``, which is changed at once, all or nothing; or a DataFrame, of
        which a changed copy is returned: it has no place for anything but names and levels.
    :returns: an ``RxXdfData`` or a DataFrame.
    :raises ValueError: for an unknown column or property, a name that is taken, another number of levels.
    :raises OSError: for a file that cannot be changed: Microsoft's container, which has to be imported first.
    """
    if not isinstance(var_info, Mapping):
        raise TypeError(f"rx_set_var_info: var_info must be a dictionary, not {type(var_info).__name__}")
    changes = [_change(str(column), info) for column, info in var_info.items()]
    if is_pandas(data):
        return _of_frame(data, changes)
    file = getattr(data, "file", data)
    if not isinstance(file, (str, os.PathLike)):
        raise TypeError(
            f"rx_set_var_info: data must be an XDF file or a DataFrame, not {type(data).__name__}"
        )
    there = rx_get_var_info(RxXdfData(os.fspath(file)))
    # what is as it was need not be written
    for change in changes:
        levels = there.get(change["column"], {}).get("levels")
        change["levels"] = None if change["levels"] == levels else change["levels"]
    _native.describe_columns(input_path(file), changes, one_pass())
    return data if isinstance(data, RxXdfData) else RxXdfData(os.fspath(file))


def _change(column: str, info: Mapping[str, Any]) -> dict[str, Any]:
    """What is to be changed of one column, in the engine's words."""
    metadata: dict[str, str | None] = {}
    change: dict[str, Any] = {"column": column, "name": None, "metadata": metadata, "levels": None}
    for name, value in info.items():
        if name == "newName":
            change["name"] = None if value in (None, column) else str(value)
        elif name in ("description", "low", "high"):
            metadata[f"xdf.{name}"] = None if value is None else str(value)
        elif name in ("levels", "newLevels"):
            change["levels"] = names(name, value)
        elif name not in ("valueInfoCodes", "valueInfoLabels", *_TOLD):
            raise ValueError(f"rx_set_var_info: column '{column}' has no property '{name}' to set")
    codes, labels = info.get("valueInfoCodes"), info.get("valueInfoLabels")
    if (codes is None) != (labels is None) or len(codes or ()) != len(labels or ()):
        raise ValueError(
            f"rx_set_var_info: column '{column}' needs as many valueInfoCodes as valueInfoLabels"
        )
    if codes is not None and labels is not None:
        metadata["xdf.value_labels"] = json.dumps(
            {str(c): str(x) for c, x in zip(codes, labels, strict=True)}
        )
    return change


def _of_frame(frame: Any, changes: list[dict[str, Any]]) -> Any:
    import pandas as pd

    changed = frame.copy(deep=False)
    for change in changes:
        column, levels = change["column"], change["levels"]
        if column not in frame:
            raise ValueError(f"rx_set_var_info: there is no column '{column}'")
        if levels is None:
            continue
        if not isinstance(frame[column].dtype, pd.CategoricalDtype):
            raise ValueError(f"rx_set_var_info: column '{column}' is no categorical and has no levels")
        changed[column] = frame[column].cat.rename_categories(levels)
    renamed = {change["column"]: change["name"] for change in changes if change["name"]}
    changed = changed.rename(columns=renamed)
    if not changed.columns.is_unique:
        raise ValueError("rx_set_var_info: two columns would have one name")
    return changed


def rx_create_col_info(
    data: Any,
    include_low_high: bool = False,
    factors_only: bool = False,
    vars_to_keep: list[str] | None = None,
    sort_levels: bool = False,
    compute_info: bool = True,
    use_factor_index: bool = False,
) -> OrderedDict[str, dict[str, Any]]:
    """Return what data are as a ``column_info``, so that another file can be imported with the same types and levels.

    :param data: data source, path, DataFrame or Arrow object, or the result of :func:`rx_get_var_info`.
    :param include_low_high: also ``low`` and ``high``.
    :param factors_only: only the factors.
    :param vars_to_keep: the columns to tell about; ``None`` for all.
    :param sort_levels: levels in alphabetical order.
    :param compute_info: read the data for levels, low and high that are not stored.
    :param use_factor_index: ``factorIndex`` instead of ``factor`` as the type.
    :returns: column name to a dictionary of ``type``, ``levels``, ``low`` and ``high``.
    """
    if isinstance(data, GetVarInfoResults):
        variables = data
    else:
        source = open_source(data, "rx_create_col_info")
        variables = rx_get_var_info(source, compute_info=compute_info and include_low_high)
        if compute_info:
            _with_levels(variables, source)
    columns = kept(list(variables), vars_to_keep, None) or list(variables)
    result: OrderedDict[str, dict[str, Any]] = OrderedDict()
    for name in columns:
        if name not in variables:
            raise ValueError(
                f"rx_create_col_info: there is no column '{name}'; there are: {', '.join(variables)}"
            )
        known = variables[name]
        is_factor = known["varType"] in ("factor", "ordered")
        if factors_only and not is_factor:
            continue
        info: dict[str, Any] = {"type": _type_name(known)}
        if is_factor:
            info["type"] = "factorIndex" if use_factor_index else known["varType"]
            if "levels" in known:
                info["levels"] = sorted(known["levels"]) if sort_levels else list(known["levels"])
        for key in ("low", "high") if include_low_high else ():
            if key in known:
                info[key] = known[key]
        result[name] = info
    return result


def _type_name(known: Mapping[str, Any]) -> str:
    """The type as ``column_info`` names it: the storage says more of numbers than the kind of variable."""
    if known["varType"] == "numeric":
        return "float32" if known["storage"] == "float32" else "numeric"
    if known["varType"] == "integer":
        return "integer" if known["storage"] == "int32" else str(known["storage"])
    return str(known["varType"])


def _with_levels(variables: GetVarInfoResults, source: _native.Source) -> None:
    """Add the levels of factors that do not state them, from one pass."""
    unknown = [
        name for name, v in variables.items() if v["varType"] in ("factor", "ordered") and "levels" not in v
    ]
    if not unknown:
        return
    found: dict[str, dict[str, None]] = {name: {} for name in unknown}
    reader = source.project(unknown).reader(one_pass())
    import pyarrow as pa

    while (block := reader.next(one_pass())) is not None:
        table = pa.table(block[0])
        for name in unknown:
            for chunk in table.column(name).chunks:
                found[name].update(dict.fromkeys(chunk.dictionary.to_pylist()))
    for name in unknown:
        variables[name]["levels"] = list(found[name])
