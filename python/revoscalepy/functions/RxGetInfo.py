"""What data are: names, types, ranges, levels, blocks."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from revoscalepy import _native
from revoscalepy._arguments import kept, not_built
from revoscalepy._frames import to_pandas
from revoscalepy._html import page, printed
from revoscalepy._source import data_class, data_name, one_pass, open_source
from revoscalepy.functions.RxSummary import rx_summary

if TYPE_CHECKING:
    import pandas as pd


class GetVarInfoResults(OrderedDict[str, dict[str, Any]]):
    """Column name to a dictionary: description, varType, storage, low, high, levels, valueInfoCodes, valueInfoLabels.

    What is not known is left out of a column's dictionary.
    """

    def __repr__(self) -> str:
        return "\n".join(_variable_lines(self))

    __str__ = __repr__

    def _repr_html_(self) -> str:
        return printed(str(self))


class GetInfoResults:
    """Information about a data set, as attributes and as items.

    - ``fileName``, ``objName``, ``class`` (as an item; as an attribute ``class_``), ``length``
    - ``numCompositeFiles``: files of a composite or partitioned set; 0 for one file
    - ``numRows``, ``numVars``, ``numBlocks``: counts; ``None`` where the source does not know
    - ``compression``: ``"zstd"``, ``"zlib"``, ``"none"`` for an XDF file
    - ``varInfo``: :class:`GetVarInfoResults`, with ``get_var_info=True``
    - ``rowsPerBlock``: list, with ``get_block_sizes=True``
    - ``data``: DataFrame, with ``num_rows`` above 0
    """

    def __init__(self, fields: dict[str, Any]) -> None:
        self._fields = fields

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("_"):
            key = "class" if name == "class_" else name
            if key in self._fields:
                return self._fields[key]
        raise AttributeError(f"the information has no field '{name}'; it has: {', '.join(self.keys())}")

    def __getitem__(self, name: str) -> Any:
        return self._fields[name]

    def __contains__(self, name: object) -> bool:
        return name in self._fields

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *(name for name in self._fields if name != "class")]

    def keys(self) -> list[str]:
        """Return the names of the fields."""
        return list(self._fields)

    def __repr__(self) -> str:
        fields = self._fields
        lines = []
        if fields["fileName"]:
            lines.append(f"File name:{fields['fileName']}")
        else:
            lines.append(f"Data frame: {fields['class']}")
        if fields["numCompositeFiles"]:
            lines.append(f"Number of composite data files:{float(fields['numCompositeFiles'])}")
        if fields["numRows"] is not None:
            lines.append(f"Number of observations:{float(fields['numRows'])}")
        lines.append(f"Number of variables:{float(fields['numVars'])}")
        if fields["numBlocks"] is not None:
            lines.append(f"Number of blocks:{float(fields['numBlocks'])}")
        if fields.get("compression"):
            lines.append(f"Compression type:{fields['compression']}")
        if fields.get("rowsPerBlock") is not None:
            lines.append(f"Rows per block:{fields['rowsPerBlock']}")
        if fields.get("varInfo") is not None:
            lines.append("Variable information:")
            lines.extend(_variable_lines(fields["varInfo"]))
        if fields.get("data") is not None:
            rows = len(fields["data"])
            lines.append(
                f"Data ({rows} row{'' if rows == 1 else 's'} starting with row {fields['startRow']}):"
            )
            lines.append(fields["data"].to_string())
        return "\n".join(lines)

    __str__ = __repr__

    def _repr_html_(self) -> str:
        text = printed(repr(GetInfoResults({**self._fields, "data": None})))
        return text if self._fields.get("data") is None else text + page(None, [("", self._fields["data"])])


def _variable_lines(variables: dict[str, dict[str, Any]]) -> Iterator[str]:
    for number, (name, info) in enumerate(variables.items(), 1):
        described = f", {info['description']}" if info.get("description") else ""
        if "levels" in info:
            yield f"Var {number}: {name}{described}"
            yield f"\t{len(info['levels'])} {info['varType']} levels: {info['levels']}"
            continue
        line = f"Var {number}: {name}{described}, Type: {info['varType']}, Storage: {info['storage']}"
        if "low" in info and "high" in info:
            line += f", Low/High: ({info['low']:.4f}, {info['high']:.4f})"
        yield line


def _var_info(source: _native.Source, value_labels: bool | None, compute_info: bool) -> GetVarInfoResults:
    variables = source.variables()
    computed = _computed(source, variables) if compute_info else {}
    results = GetVarInfoResults()
    for variable in variables:
        info = {
            key: variable[key] for key in ("description", "varType", "storage") if variable[key] is not None
        }
        low, high = variable["low"], variable["high"]
        if low is None or high is None:
            low, high = computed.get(variable["name"], (None, None))
        if low is not None and high is not None:
            info["low"], info["high"] = low, high
        # the levels belong to the type; value labels are what can be left out
        if variable["levels"] is not None:
            info["levels"] = variable["levels"]
        if variable["valueLabels"] is not None and value_labels is not False:
            labels = json.loads(variable["valueLabels"])
            info["valueInfoCodes"] = list(labels)
            info["valueInfoLabels"] = list(labels.values())
        results[variable["name"]] = info
    return results


def _computed(source: _native.Source, variables: list[dict[str, Any]]) -> dict[str, tuple[float, float]]:
    """Least and greatest value of the numeric columns that do not state them, from one pass."""
    wanted = [
        variable["name"]
        for variable in variables
        if variable["low"] is None and variable["varType"] in ("integer", "numeric")
    ]
    if not wanted:
        return {}
    formula = "~ " + " + ".join(f"`{name}`" for name in wanted)
    table = rx_summary(formula, source, summary_stats=["Min", "Max"]).sDataFrame
    extremes = zip(wanted, table["Min"], table["Max"], strict=True)
    return {name: (low, high) for name, low, high in extremes if low == low}


def rx_get_info(
    data: Any,
    get_var_info: bool = False,
    get_block_sizes: bool = False,
    get_value_labels: bool | None = None,
    vars_to_keep: list[str] | None = None,
    vars_to_drop: list[str] | None = None,
    start_row: int = 1,
    num_rows: int = 0,
    compute_info: bool = False,
    all_nodes: bool = False,
    verbose: int = 0,
) -> GetInfoResults:
    """Return what a data set is; prints like the documentation.

    :param data: data source, path, DataFrame or Arrow object.
    :param get_var_info: include the variables (``varInfo``).
    :param get_block_sizes: include the rows of each block (``rowsPerBlock``) of an XDF file.
    :param get_value_labels: ``False`` leaves value labels out.
    :param vars_to_keep: columns to tell about; exclusive with ``vars_to_drop``.
    :param vars_to_drop: columns not to tell about.
    :param start_row: first row of ``data``, from 1.
    :param num_rows: rows to return as ``data``; 0 for none, -1 for all.
    :param compute_info: read the data to count rows and to find low and high where they are not stored.
    :param all_nodes: not supported: there is one node.
    :param verbose: no effect.
    :raises FileNotFoundError: when a path does not exist.
    """
    not_built("rx_get_info", all_nodes=all_nodes)
    if start_row < 1:
        raise ValueError(f"rx_get_info: start_row counts from 1, not {start_row}")
    whole = open_source(data, "rx_get_info")
    columns = kept(whole.names(), vars_to_keep, vars_to_drop)
    source = whole if columns is None else whole.project(columns)
    info = whole.info()
    rows = info["rows"]
    if rows is None and compute_info:
        rows = _count(whole)
    blocks = info.get("rows_per_block")
    name = data_name(data)
    fields: dict[str, Any] = {
        "fileName": name,
        "objName": None if name else "data",
        "class": data_class(data),
        "length": len(source.names()),
        "numCompositeFiles": info.get("composite_files", 0),
        "numRows": rows,
        "numVars": len(source.names()),
        "numBlocks": None if blocks is None else len(blocks),
        "format": info.get("format"),
        "compression": info.get("compression"),
        "startRow": start_row,
        "varInfo": _var_info(source, get_value_labels, compute_info) if get_var_info else None,
        "rowsPerBlock": blocks if get_block_sizes else None,
        "data": _rows(source, start_row, num_rows) if num_rows else None,
    }
    return GetInfoResults(fields)


def _rows(source: _native.Source, start_row: int, num_rows: int) -> pd.DataFrame:
    first = start_row - 1
    end = 2**62 if num_rows < 0 else first + num_rows
    frame = to_pandas(source.read(one_pass(rows=(first, end))))
    return frame


def _count(source: _native.Source) -> int:
    """Rows of a source that does not know them, by reading one column."""
    counted = 0

    def take(rows: int, _total: int | None) -> None:
        nonlocal counted
        counted = rows

    narrow = source.project(source.names()[:1])
    narrow.read(one_pass(progress=take))
    return counted


def rx_get_var_info(
    data: Any,
    get_value_labels: bool = True,
    vars_to_keep: list[str] | None = None,
    vars_to_drop: list[str] | None = None,
    compute_info: bool = False,
    all_nodes: bool = False,
) -> GetVarInfoResults:
    """Return the variables of a data set: name to description, varType, storage, low, high, levels.

    :param data: data source, path, DataFrame or Arrow object.
    :param get_value_labels: ``False`` leaves value labels out.
    :param vars_to_keep: columns to tell about; exclusive with ``vars_to_drop``.
    :param vars_to_drop: columns not to tell about.
    :param compute_info: read the data to find low and high where they are not stored.
    :param all_nodes: not supported: there is one node.
    """
    not_built("rx_get_var_info", all_nodes=all_nodes)
    source = open_source(data, "rx_get_var_info")
    columns = kept(source.names(), vars_to_keep, vars_to_drop)
    return _var_info(source if columns is None else source.project(columns), get_value_labels, compute_info)


def rx_get_var_names(data: Any) -> list[str]:
    """Return the names of the columns of a data set, in order."""
    return open_source(data, "rx_get_var_names").names()
