"""Quantiles of a variable."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from revoscalepy import _native
from revoscalepy._arguments import not_built
from revoscalepy._frames import to_pandas
from revoscalepy._progress import finished, of_level
from revoscalepy._source import one_pass, open_source

if TYPE_CHECKING:
    import pandas as pd


def rx_quantile(
    var_name: str,
    data: Any,
    pweights: str | None = None,
    fweights: str | None = None,
    probs: Sequence[float] = (0.0, 0.25, 0.5, 0.75, 1.0),
    names: bool = True,
    max_integer_bins: int = 500000,
    multiple: float | None = None,
    numeric_bins: bool = False,
    num_numeric_breaks: int = 1000,
    blocks_per_read: int | None = None,
    report_progress: int | None = None,
    verbose: int = 0,
) -> pd.Series:
    """Compute quantiles of a variable: exactly, or as estimates from what an XDF file knows of it.

    RevoScaleR's ``rxQuantile``, which Microsoft's Python package did not have.

    :param var_name: name of the variable: numbers, dates or times.
    :param data: data source, path, DataFrame or Arrow object.
    :param pweights: not supported.
    :param fweights: not supported.
    :param probs: probabilities, each from 0 (the smallest value) to 1 (the largest).
    :param names: whether the result is indexed by texts such as ``"25%"``, or from 0.
    :param numeric_bins: ``False``: exact quantiles, in up to three passes. ``True``: of variables with more than 2048
        different values estimates, whose ranks are off by at most 1.3 % of the values with a probability of 99 %; an
        XDF file answers without being read.
    :param report_progress: 0 nothing, 1 rows, 2 and 3 also times.
    :returns: a Series: floats for numbers, interpolated between neighbours (R's type 7); of dates and times the earlier
        neighbour. Missing values do not count; without values all quantiles are missing.

    ``max_integer_bins``, ``multiple``, ``num_numeric_breaks``, ``blocks_per_read`` and ``verbose`` have no effect.

    :raises ValueError: for an unknown variable, one that has no quantiles, or a probability that is none.
    """
    not_built("rx_quantile", pweights=pweights, fweights=fweights)
    probabilities = [float(p) for p in probs]
    progress = of_level(report_progress)
    source = open_source(data, "rx_quantile")
    table = _native.quantile(source, var_name, probabilities, not numeric_bins, one_pass(progress=progress))
    finished(progress)
    found = to_pandas(table).iloc[:, 0]
    if names:
        found.index = [f"{100 * p:.7g}%" for p in probabilities]
    return found
