"""Lorenz curves and Gini coefficients."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from revoscalepy import _native
from revoscalepy._plots import label, new_axes
from revoscalepy._progress import finished, of_level
from revoscalepy._source import one_pass, open_source
from revoscalepy._tables import number

if TYPE_CHECKING:
    import pandas as pd


def rx_lorenz(
    order_var_name: str,
    value_var_name: str | None = None,
    data: Any = None,
    num_breaks: int = 1000,
    pweights: str | None = None,
    fweights: str | None = None,
    blocks_per_read: int | None = None,
    report_progress: int | None = None,
    verbose: int = 0,
    *,
    exact: bool = False,
    plot: bool = False,
    ax: Any = None,
) -> pd.DataFrame:
    """Compute the Lorenz curve of a variable, in one pass over bins.

    RevoScaleR's ``rxLorenz``, which Microsoft's Python package did not have. Rows with a missing value are left out.

    :param order_var_name: name of the variable that orders the rows.
    :param value_var_name: name of the variable that is added up; ``None`` for the same.
    :param data: data source, path, DataFrame or Arrow object.
    :param num_breaks: how many bounds of bins between the least and the largest value, both included.
    :param pweights: name of a column of probability weights.
    :param fweights: name of a column of frequency weights (whole numbers).
    :param report_progress: 0 nothing, 1 rows, 2 and 3 also times.
    :param exact: compute the exact Gini coefficient, too; holds the distinct values in memory.
    :param plot: draw the curve and the line of equality, where matplotlib is installed.
    :param ax: matplotlib's axes to draw into; ``None`` for those of a new figure.
    :returns: DataFrame with the columns cumVals and percent, from 0 to 100. Its ``attrs`` have ``gini``, ``exact_gini``
        where asked for, ``description`` (the name of the value variable), ``valid_obs`` and ``missing_obs``.

    ``blocks_per_read`` and ``verbose`` have no effect.

    :raises ValueError: for an unknown column, one that is not numeric, infinite values, data without a complete row.
    """
    import pandas as pd

    value = value_var_name or order_var_name
    choices = {
        "order": order_var_name,
        "value": value,
        "num_breaks": int(num_breaks),
        "exact": bool(exact),
        "pweights": pweights,
        "fweights": fweights,
    }
    progress = of_level(report_progress)
    source = open_source(data, "rx_lorenz")
    fields = json.loads(_native.lorenz(source, json.dumps(choices), one_pass(progress=progress)))
    finished(progress)
    columns = {name: [number(x) for x in fields[name]] for name in ("cumVals", "percent")}
    frame = pd.DataFrame(columns)
    frame.attrs.update(
        gini=number(fields["gini"]),
        description=value,
        valid_obs=fields["validObs"],
        missing_obs=fields["missingObs"],
    )
    if exact:
        frame.attrs["exact_gini"] = number(fields["exactGini"])
    ax = new_axes(ax) if plot or ax is not None else None
    if ax is not None:
        ax.plot([0, 100], [0, 100], color="lightgrey")
        ax.plot(frame["percent"], frame["cumVals"], linewidth=2)
        label(
            ax,
            f"Lorenz Curve of {value}",
            f"Gini: {frame.attrs['gini']:.4f}",
            "Percent",
            "Cumulative Percent",
        )
    return frame


def rx_gini(x: pd.DataFrame) -> float:
    """Compute the Gini coefficient of a Lorenz curve by trapezoids: 0 for equality, near 1 for its contrary.

    :param x: what :func:`rx_lorenz` returned, or any DataFrame with its columns.
    """
    import numpy as np

    percent, values = x["percent"].to_numpy() / 100, x["cumVals"].to_numpy() / 100
    return float(1 - np.sum(np.diff(percent) * (values[1:] + values[:-1])))
