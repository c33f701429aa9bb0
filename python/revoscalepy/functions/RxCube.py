"""Counts, sums and means in the cells of factors: as a cube, or as two-way tables."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from revoscalepy import _native
from revoscalepy._frames import to_pandas
from revoscalepy._output import compression_level, microsoft_container
from revoscalepy._paths import output_path
from revoscalepy._progress import finished, of_level
from revoscalepy._source import data_class, data_name, one_pass, shown_call, writing
from revoscalepy._steps import Steps
from revoscalepy._tables import Fields, number, prepared
from revoscalepy.computecontext.RxComputeContext import in_compute_context
from revoscalepy.functions.RxMultiTest import rx_chi_squared_test

if TYPE_CHECKING:
    import pandas as pd

OUTPUTS = ("sums", "counts", "means")


class RxCubeResults(Fields):
    """The result of :func:`rx_cube`; the columns of its table are items, too.

    - ``data_frame``: a row for each cell: the factors, the means (or sums) of the dependent variables, Counts.
    - ``nobs.valid``, ``nobs.missing``: rows that took part, and those with a missing value in any of the variables.
    - ``formula``, ``call``.
    """

    def __init__(self, fields: dict[str, Any], text: str, cells: _native.Cells) -> None:
        super().__init__(fields, text)
        self._cells = cells

    def __getitem__(self, name: str) -> Any:
        frame = self._fields["data_frame"]
        return frame[name] if name in frame else self._fields[name]

    def as_data_frame(self) -> pd.DataFrame:
        """Return the cells."""
        return self._fields["data_frame"]

    def _shown(self) -> list[tuple[str, Any]]:
        return [("", self._fields["data_frame"])]

    def _tables(self) -> Iterator[dict[str, Any]]:
        return _tested(self._cells)


@in_compute_context
def rx_cube(
    formula: str,
    data: Any,
    out_file: Any = None,
    pweights: str | None = None,
    fweights: str | None = None,
    means: bool = True,
    cube: bool = True,
    row_selection: Any = None,
    transforms: dict[str, Any] | None = None,
    transform_objects: dict[str, Any] | None = None,
    transform_function: Any = None,
    transform_variables: list[str] | None = None,
    transform_packages: list[str] | None = None,
    transform_environment: Any = None,
    overwrite: bool = False,
    use_sparse_cube: bool | None = None,
    remove_zero_counts: bool | None = None,
    return_data_frame: bool = False,
    blocks_per_read: int | None = None,
    rows_per_block: int = 100000,
    report_progress: int | None = None,
    verbose: int = 0,
    compute_context: Any = None,
    **kwargs: Any,
) -> Any:
    """Compute counts, and sums or means of variables, in the cells of factors, in one pass.

    RevoScaleR's ``rxCube``, which Microsoft's Python package did not have. Rows with a missing value in any variable
    are left out.

    :param formula: ``"~ a:b"`` for counts, ``"y ~ a:b:F(x)"``, ``"cbind(y1, y2) ~ a"``; ``F(x)`` has a level for each
        integer.
    :param data: data source, path, DataFrame or Arrow object.
    :param out_file: path or data source to which the cells are also written; then it is returned.
    :param pweights: name of a column of probability weights.
    :param fweights: name of a column of frequency weights (whole numbers).
    :param means: means of the dependent variables rather than sums.
    :param row_selection: an expression, a function of a chunk, or logicals for all rows; the rows for which it is true
        are used. It sees computed columns.
    :param transforms: name to expression, or to a function of a chunk: columns to add or replace, in order.
    :param transform_function: a function ``(dataset, context)`` of a chunk; :func:`rx_data_step` says more of it and of
        the arguments that belong to it.
    :param overwrite: whether an existing ``out_file`` is replaced.
    :param use_sparse_cube: the default of ``remove_zero_counts``.
    :param remove_zero_counts: leave cells without rows out.
    :param return_data_frame: return the cells as a DataFrame.
    :param rows_per_block: rows of a block of ``out_file``.
    :param report_progress: 0 nothing, 1 rows, 2 and 3 also times.
    :param compute_context: where it runs; ``None`` for the active context.
    :returns: :class:`RxCubeResults`, a DataFrame, or the data source of ``out_file``.

    ``cube``, ``blocks_per_read`` and ``verbose`` have no effect.

    :raises ValueError: for a formula that cannot be understood, an unknown column, a number where a factor should be.
    """
    unbuilt = {"transform_environment": transform_environment}
    path = None if out_file is None else output_path("rx_cube", out_file)
    if path is not None and os.path.exists(path) and not overwrite:
        raise FileExistsError(f"{path} exists; choose another name, or set overwrite=True")
    source = prepared("rx_cube", data, Steps.of(locals()), unbuilt, kwargs)
    cells = _cells(source, formula, data, pweights, fweights, report_progress)
    statistic = "means" if means else "sums"
    sparse = bool(use_sparse_cube) if remove_zero_counts is None else bool(remove_zero_counts)
    table = cells.table(statistic, sparse)
    if path is not None:
        from revoscalepy.datasource.RxXdfData import RxXdfData

        how = writing(
            compression_level(None), overwrite, block_rows=rows_per_block, microsoft=microsoft_container()
        )
        _native.Source.from_arrow(table, one_pass()).write(path, how, one_pass())
        return RxXdfData(path)
    frame = to_pandas(table)
    if return_data_frame:
        return frame
    counted = json.loads(cells.fields())
    call = shown_call("rx_cube", formula, data, pweights=pweights, fweights=fweights)
    fields = {
        "data_frame": frame,
        "nobs.valid": counted["validObs"],
        "nobs.missing": counted["missingObs"],
        "formula": formula,
        "call": call,
    }
    text = f"Call:\n{call}\n\n{cells.cube_text(statistic, sparse).rstrip()}"
    return RxCubeResults(fields, text, cells)


class RxCrossTabsResults(Fields):
    """The result of :func:`rx_cross_tabs`.

    - ``sums``, ``counts``, ``means``: dictionaries of DataFrames, one for each dependent variable and each combination
      of levels of the factors behind the first two: ``x.sums["Freq, Dept = A"]``. Without dependent variable there are
      only counts.
    - ``chisquare``: the chi-squared tests of these tables, as :func:`rx_chi_squared_test` gives them.
    - ``depvars``, ``formula``, ``call``, ``nobs.valid``, ``nobs.missing``.
    """

    def __init__(self, fields: dict[str, Any], text: str, cells: _native.Cells) -> None:
        super().__init__(fields, text)
        self._cells = cells

    def _tables(self) -> Iterator[dict[str, Any]]:
        return _tested(self._cells)

    def _shown(self) -> list[tuple[str, Any]]:
        return list((self._fields["sums"] or self._fields["counts"]).items())

    def _output(self, output: str | None) -> str:
        chosen = output or ("sums" if self._fields["depvars"] else "counts")
        if chosen not in OUTPUTS:
            raise ValueError(f"output must be 'sums', 'counts' or 'means', not {output!r}")
        if chosen != "counts" and not self._fields["depvars"]:
            raise ValueError(f"there are no {chosen}: the formula has no dependent variable")
        return chosen

    def to_text(self, output: str | None = None, marginals: bool = False) -> str:
        """Return the tables of ``"sums"``, ``"counts"`` or ``"means"`` as printed, with totals if asked for."""
        return self._cells.cross_tabs_text(self._output(output), marginals, False).rstrip()

    def summary(self, output: str | None = None, type: str = "%") -> Any:
        """Return percentages of rows, columns and tables as text; with type ``"chisquare"`` the tests."""
        if type == "chisquare":
            return self._fields["chisquare"]
        if type not in ("%", "percentages"):
            raise ValueError(f"type must be '%', 'percentages' or 'chisquare', not {type!r}")
        return Fields({}, self._cells.cross_tabs_text(self._output(output), False, True).rstrip())

    def mean(self, marginals: bool = True) -> dict[str, pd.DataFrame]:
        """Return the means of the dependent variables; with ``marginals`` those of whole rows and columns, too."""
        return _frames(self._cells, self._output("means"), marginals)


@in_compute_context
def rx_cross_tabs(
    formula: str,
    data: Any,
    pweights: str | None = None,
    fweights: str | None = None,
    means: bool = False,
    marginals: bool = False,
    cube: bool = False,
    row_selection: Any = None,
    transforms: dict[str, Any] | None = None,
    transform_objects: dict[str, Any] | None = None,
    transform_function: Any = None,
    transform_variables: list[str] | None = None,
    transform_packages: list[str] | None = None,
    transform_environment: Any = None,
    use_sparse_cube: bool | None = None,
    remove_zero_counts: bool | None = None,
    return_xtabs: bool = False,
    na_rm: bool = False,
    blocks_per_read: int | None = None,
    report_progress: int | None = None,
    verbose: int = 0,
    compute_context: Any = None,
    **kwargs: Any,
) -> RxCrossTabsResults:
    """Compute two-way tables of counts, sums or means by factors, in one pass.

    RevoScaleR's ``rxCrossTabs``, which Microsoft's Python package did not have. The levels of the first factor are the
    rows, those of the second the columns; there is a table for each combination of the others.

    :param formula: ``"~ a:b"`` for counts, ``"y ~ a:b:c"`` for sums of y.
    :param data: data source, path, DataFrame or Arrow object.
    :param pweights: name of a column of probability weights.
    :param fweights: name of a column of frequency weights (whole numbers).
    :param means: print means rather than sums.
    :param marginals: print totals.
    :param row_selection: an expression, a function of a chunk, or logicals for all rows; the rows for which it is true
        are used. It sees computed columns.
    :param transforms: name to expression, or to a function of a chunk: columns to add or replace, in order.
    :param transform_function: a function ``(dataset, context)`` of a chunk; :func:`rx_data_step` says more of it and of
        the arguments that belong to it.
    :param use_sparse_cube: not supported; :func:`rx_cube` leaves empty cells out.
    :param remove_zero_counts: not supported, likewise.
    :param report_progress: 0 nothing, 1 rows, 2 and 3 also times.
    :param compute_context: where it runs; ``None`` for the active context.

    ``cube``, ``return_xtabs``, ``na_rm``, ``blocks_per_read`` and ``verbose`` have no effect: margins of means are
    those of whole rows and columns.

    :raises ValueError: for a formula that cannot be understood or has one factor, an unknown column.
    """
    unbuilt = {
        "transform_environment": transform_environment,
        "use_sparse_cube": use_sparse_cube,
        "remove_zero_counts": remove_zero_counts,
    }
    source = prepared("rx_cross_tabs", data, Steps.of(locals()), unbuilt, kwargs)
    cells = _cells(source, formula, data, pweights, fweights, report_progress)
    counted = json.loads(cells.fields())
    shown = "counts" if not counted["dependentVars"] else "means" if means else "sums"
    call = shown_call("rx_cross_tabs", formula, data, pweights=pweights, fweights=fweights)
    fields: dict[str, Any] = {
        output: _frames(cells, output, False) if counted["dependentVars"] or output == "counts" else None
        for output in OUTPUTS
    }
    text = f"Call:\n{call}\n\n{cells.cross_tabs_text(shown, marginals, False).rstrip()}"
    result = RxCrossTabsResults(fields, text, cells)
    fields |= {
        "depvars": counted["dependentVars"],
        "nobs.valid": counted["validObs"],
        "nobs.missing": counted["missingObs"],
        "formula": formula,
        "call": call,
    }
    fields["chisquare"] = rx_chi_squared_test(result)
    return result


def rx_marginals(x: RxCrossTabsResults, output: str = "sums") -> dict[str, dict[str, Any]]:
    """Return the margins of cross tabulations: by table ``row`` and ``column`` (Series) and ``grand`` (a number).

    :param x: what :func:`rx_cross_tabs` returned.
    :param output: ``"sums"``, ``"counts"`` or ``"means"``.
    """
    import pandas as pd

    margins = {}
    for name, table in _named(x._cells, x._output(output)):
        of = table["margins"]
        margins[name] = {
            "row": pd.Series([number(v) for v in of["rows"]], index=table["rows"]["levels"], dtype="float64"),
            "column": pd.Series(
                [number(v) for v in of["columns"]], index=table["columns"]["levels"], dtype="float64"
            ),
            "grand": number(of["grand"]),
        }
    return margins


def _cells(
    source: _native.Source,
    formula: str,
    data: Any,
    pweights: str | None,
    fweights: str | None,
    report_progress: int | None,
) -> _native.Cells:
    progress = of_level(report_progress)
    shown = data_name(data) or data_class(data)
    cells = _native.cells(source, formula, pweights, fweights, shown, one_pass(progress=progress))
    finished(progress)
    return cells


def _named(cells: _native.Cells, output: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The tables of an output by name; the only one of counts is named so."""
    fields = json.loads(cells.cross_tabs(output))
    # without a dependent variable in the name, the same counts are there for each of them
    seen = set()
    for name, table in zip(fields["names"], fields["tables"], strict=True):
        if name not in seen:
            seen.add(name)
            yield name or output, table


def _frames(cells: _native.Cells, output: str, marginals: bool) -> dict[str, pd.DataFrame]:
    import pandas as pd

    frames = {}
    for name, table in _named(cells, output):
        entries = [[number(x) for x in row] for row in table["entries"]]
        rows, columns = list(table["rows"]["levels"]), list(table["columns"]["levels"])
        if marginals:
            of = table["margins"]
            entries = [[*row, number(x)] for row, x in zip(entries, of["rows"], strict=True)]
            entries.append([*(number(x) for x in of["columns"]), number(of["grand"])])
            rows, columns = [*rows, "Total"], [*columns, "Total"]
        index = pd.Index(rows, name=table["rows"]["name"])
        frames[name] = pd.DataFrame(
            entries, index=index, columns=pd.Index(columns, name=table["columns"]["name"]), dtype="float64"
        )
    return frames


def _tested(cells: _native.Cells) -> Iterator[dict[str, Any]]:
    """The tables as they are tested: of sums where there are some, else of counts."""
    dependent = json.loads(cells.fields())["dependentVars"]
    for _, table in _named(cells, "sums" if dependent else "counts"):
        yield {
            "further": list(table["further"].items()),
            "rows": [table["rows"]["name"], table["rows"]["levels"]],
            "columns": [table["columns"]["name"], table["columns"]["levels"]],
            "entries": [number(x) for row in table["entries"] for x in row],
        }
