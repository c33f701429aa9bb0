"""Summary statistics, of columns and by groups."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from revoscalepy import _native
from revoscalepy._arguments import no_extra, not_built
from revoscalepy._html import page
from revoscalepy._output import compression_level, microsoft_container
from revoscalepy._paths import output_path
from revoscalepy._progress import finished, of_level
from revoscalepy._source import data_class, data_name, one_pass, shown_call, writing
from revoscalepy._steps import Steps
from revoscalepy._tables import Fields
from revoscalepy.computecontext.RxComputeContext import in_compute_context

if TYPE_CHECKING:
    import pandas as pd

STATISTICS = ("Mean", "StdDev", "Min", "Max", "ValidObs", "MissingObs", "Sum")


class RxSummaryResults(Fields):
    """The result of :func:`rx_summary`; fields are items under their dotted names and attributes under underscores.

    - ``nobs.valid`` (``nobs_valid``), ``nobs.missing`` (``nobs_missing``): rows that took part, and those that did not.
    - ``sDataFrame`` (``s_data_frame``): DataFrame with a row for each term and the columns Name, Mean, StdDev, Min,
      Max, ValidObs, MissingObs (and Sum when asked for).
    - ``categorical``: list of DataFrames, one for each term with a factor: the counts of its cells, or, where the term
      has a number, its statistics by cell (the mean under ``Means``).
    - ``categorical.type`` (``categorical_type``): ``"counts"``, ``"cube"`` or ``"none"``.
    - ``formula``, ``call``, ``params``.
    """

    @property
    def s_data_frame(self) -> Any:
        """The statistics by term, ``sDataFrame``."""
        return self._fields["sDataFrame"]

    def __getattr__(self, name: str) -> Any:
        try:
            return super().__getattr__(name)
        except AttributeError:
            raise AttributeError(f"the summary has no field '{name}'") from None

    def _repr_html_(self) -> str:
        counts = [("", frame) for frame in self._fields["categorical"]]
        tables = [("", self._fields["sDataFrame"])] if len(self._fields["sDataFrame"]) else []
        facts = {"valid": self._fields["nobs.valid"], "missing": self._fields["nobs.missing"]}
        return page(self._fields["call"], tables + counts, facts)


@in_compute_context
def rx_summary(
    formula: str,
    data: Any,
    by_group_out_file: Any = None,
    summary_stats: list[str] | None = None,
    by_term: bool = True,
    pweights: str | None = None,
    fweights: str | None = None,
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
    blocks_per_read: int | None = None,
    rows_per_block: int = 100000,
    report_progress: int | None = None,
    verbose: int = 0,
    compute_context: Any = None,
    **kwargs: Any,
) -> RxSummaryResults:
    """Summarize columns, by groups if the formula says so, in one pass.

    :param formula: ``"~ ArrDelay + DayOfWeek"`` (the tilde may be left out); ``"~ ArrDelay:DayOfWeek"`` by groups;
        ``"~ ."`` for all columns.
    :param data: data source, path, DataFrame or Arrow object.
    :param by_group_out_file: path or data source, or a list of one for each table of groups: the statistics by cell
        are also written there.
    :param summary_stats: some of Mean, StdDev, Min, Max, ValidObs, MissingObs, Sum; ``None`` for all but Sum.
    :param by_term: leave rows out term by term (default), or out of all terms when one is missing.
    :param pweights: name of a column of probability weights.
    :param fweights: name of a column of frequency weights (whole numbers).
    :param row_selection: an expression, a function of a chunk, or logicals for all rows; the rows for which it is true
        are used. It sees computed columns.
    :param transforms: name to expression, or to a function of a chunk: columns to add or replace, in order.
    :param transform_function: a function ``(dataset, context)`` of a chunk; :func:`rx_data_step` says more of it and of
        the arguments that belong to it.
    :param remove_zero_counts: leave empty cells out of the counts.
    :param overwrite: whether existing files of ``by_group_out_file`` are replaced.
    :param rows_per_block: rows of a block of these files.
    :param report_progress: 0 nothing, 1 rows, 2 and 3 also times.
    :param compute_context: where it runs; ``None`` for the active context.

    ``use_sparse_cube``, ``blocks_per_read`` and ``verbose`` have no effect.

    :raises ValueError: for a formula that cannot be understood, an unknown column, a column of the wrong type.
    """
    no_extra("rx_summary", kwargs)
    not_built("rx_summary", transform_environment=transform_environment)
    for statistic in summary_stats or ():
        if statistic not in STATISTICS:
            raise ValueError(
                f"rx_summary: there is no statistic '{statistic}'; there are: {', '.join(STATISTICS)}"
            )
    source = Steps.of(locals()).source("rx_summary", data)
    choices: dict[str, Any] = {
        "statistics": list(summary_stats or STATISTICS[:6]),
        "by_term": bool(by_term),
        "pweights": pweights,
        "fweights": fweights,
        "remove_zero_counts": bool(remove_zero_counts),
        "call": shown_call("rx_summary", formula, data),
        "data": data_name(data) or data_class(data),
    }
    outputs = _outputs(by_group_out_file, bool(overwrite))
    progress = of_level(report_progress)
    summary = _native.summary(source, formula, json.dumps(choices), one_pass(progress=progress))
    finished(progress)
    if outputs:
        _write_groups(summary.by_group(), outputs, bool(overwrite), rows_per_block)
    fields = json.loads(summary.fields())
    factors = fields.pop("factors")
    order = ["Name", *choices["statistics"]]
    fields["sDataFrame"] = _frame(fields["sDataFrame"], order)
    fields["categorical"] = [
        _cells(rows, about, order) for rows, about in zip(fields["categorical"], factors, strict=True)
    ]
    fields["formula"] = formula
    return RxSummaryResults(fields, summary.text().rstrip())


#: the name before release 9.2
rx_summary_ex = rx_summary

#: the name that early documentation printed
rxsummary = rx_summary


def _frame(records: list[dict[str, Any]], order: list[str]) -> pd.DataFrame:
    """A table of statistics: counts and numbers as floats, names and dates as texts."""
    import pandas as pd

    columns: dict[str, Any] = {}
    for name in order:
        if records and name not in records[0]:
            continue
        values = [record[name] for record in records]
        texts = any(isinstance(value, str) for value in values)
        columns[name] = values if texts else pd.Series(values, dtype="float64")
    return pd.DataFrame(columns)


def _cells(records: list[dict[str, Any]], about: dict[str, list[Any]], statistics: list[str]) -> pd.DataFrame:
    """One row a cell; the factors are categoricals with all of their levels."""
    import pandas as pd

    order = ["Category", *about["names"], "Counts", *("Means" if s == "Mean" else s for s in statistics)]
    frame = _frame(records, [name for name in order if not records or name in records[0]])
    for name, levels in zip(about["names"], about["levels"], strict=True):
        frame[name] = pd.Categorical(frame[name], categories=levels)
    return frame


def _outputs(by_group_out_file: Any, overwrite: bool) -> list[str]:
    """The paths of the by-group tables; that they may be written is known before the pass."""
    if by_group_out_file is None:
        return []
    listed = by_group_out_file if isinstance(by_group_out_file, (list, tuple)) else [by_group_out_file]
    paths = [output_path("rx_summary", each) for each in listed]
    for path in paths:
        if os.path.exists(path) and not overwrite:
            raise FileExistsError(f"{path} exists; choose another name, or set overwrite=True")
    return paths


def _write_groups(tables: list[Any], paths: list[str], overwrite: bool, block_rows: int) -> None:
    if len(tables) != len(paths):
        raise ValueError(
            f"rx_summary: the formula gives {len(tables)} table(s) of groups, but by_group_out_file names "
            f"{len(paths)} file(s)"
        )
    for table, path in zip(tables, paths, strict=True):
        source = _native.Source.from_arrow(table, one_pass())
        how = writing(
            compression_level(None), overwrite, block_rows=block_rows, microsoft=microsoft_container()
        )
        source.write(path, how, one_pass())
