"""Receiver operating characteristics, and the areas under them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from revoscalepy import _native
from revoscalepy._arguments import names
from revoscalepy._plots import label, new_axes
from revoscalepy._progress import finished, of_level
from revoscalepy._source import one_pass, open_source

if TYPE_CHECKING:
    import pandas as pd


def rx_roc(
    actual_var_name: str,
    pred_var_names: str | Sequence[str],
    data: Any,
    num_breaks: int = 100,
    remove_dups: bool = True,
    blocks_per_read: int | None = None,
    report_progress: int | None = 0,
    *,
    exact: bool = False,
    pweights: str | None = None,
    fweights: str | None = None,
) -> pd.DataFrame:
    """Compute sensitivity and specificity of predictions at thresholds from 0 to 1, in one pass.

    RevoScaleR's ``rxRoc``, which Microsoft's Python package did not have.

    :param actual_var_name: name of the actual values: 0 and 1, logical, or a factor of two levels, of which the second
        is positive.
    :param pred_var_names: name or names of predictions, numbers from 0 to 1; a prediction calls a row positive where it
        reaches the threshold.
    :param data: data source, path, DataFrame or Arrow object.
    :param num_breaks: how many thresholds, equally spaced from 0 to 1, both included.
    :param remove_dups: leave thresholds out at which sensitivity and specificity are those of the threshold before.
    :param report_progress: 0 nothing, 1 rows, 2 and 3 also times.
    :param exact: compute the exact areas under the curves, too; holds the distinct predictions in memory.
    :param pweights: name of a column of probability weights.
    :param fweights: name of a column of frequency weights (whole numbers).
    :returns: DataFrame with the columns threshold, sensitivity, specificity and predVarName. Its ``attrs`` have by
        prediction the areas of all thresholds (``auc``), what they can be off by (``auc_error``) and, if asked for, the
        exact ones (``exact_auc``); and ``valid_obs`` and ``missing_obs``. A row with a missing value in any of the
        variables is left out.

    ``blocks_per_read`` has no effect.

    :raises ValueError: for an unknown column, actual values that are not two, a prediction that is no probability.
    """
    import pandas as pd

    predictions = names("pred_var_names", pred_var_names) or []
    choices = {
        "num_breaks": int(num_breaks),
        "remove_dups": bool(remove_dups),
        "exact": bool(exact),
        "pweights": pweights,
        "fweights": fweights,
    }
    progress = of_level(report_progress)
    source = open_source(data, "rx_roc")
    fields = json.loads(
        _native.roc(source, actual_var_name, predictions, json.dumps(choices), one_pass(progress=progress))
    )
    finished(progress)
    columns: dict[str, Any] = {"threshold": [], "sensitivity": [], "specificity": [], "predVarName": []}
    for curve in fields["curves"]:
        for name in ("threshold", "sensitivity", "specificity"):
            columns[name] += [float("nan") if x is None else x for x in curve[name]]
        columns["predVarName"] += [curve["predVarName"]] * len(curve["threshold"])
    columns["predVarName"] = pd.Categorical(columns["predVarName"], categories=predictions)
    frame = pd.DataFrame(columns)
    for name, key in (("auc", "auc"), ("auc_error", "aucError"), ("exact_auc", "exactAuc")):
        if name != "exact_auc" or exact:
            values = {curve["predVarName"]: curve[key] for curve in fields["curves"]}
            frame.attrs[name] = {p: float("nan") if x is None else x for p, x in values.items()}
    frame.attrs.update(valid_obs=fields["validObs"], missing_obs=fields["missingObs"])
    return frame


def rx_auc(x: pd.DataFrame) -> Any:
    """Compute the area under the curves of :func:`rx_roc` by trapezoids, closed at (0, 0).

    :param x: what :func:`rx_roc` returned, or any DataFrame with its columns.
    :returns: a number; with several predictions a Series by their names, in alphabetical order.
    """
    import numpy as np
    import pandas as pd

    areas = {}
    for name, curve in x.groupby("predVarName", observed=True):
        curve = curve.sort_values("threshold")
        width = -np.diff(np.append(1 - curve["specificity"].to_numpy(), 0.0))
        height = np.append(curve["sensitivity"].to_numpy(), 0.0)
        areas[str(name)] = float(np.sum(width * (height[1:] + height[:-1]) / 2))
    if len(areas) == 1:
        return next(iter(areas.values()))
    return pd.Series(areas, name="auc", dtype="float64").sort_index()


def rx_roc_curve(
    actual_var_name: str,
    pred_var_names: str | Sequence[str],
    data: Any,
    num_breaks: int = 100,
    blocks_per_read: int | None = None,
    report_progress: int | None = 0,
    compute_auc: bool = True,
    title: str | None = None,
    subtitle: str | None = None,
    x_title: str | None = None,
    y_title: str | None = None,
    legend: bool | None = None,
    chance_grid_line: bool = True,
    *,
    ax: Any = None,
) -> pd.DataFrame:
    """Compute receiver operating characteristics and draw them, where matplotlib is installed.

    The arguments up to ``report_progress`` are those of :func:`rx_roc`.

    :param compute_auc: write the areas into the subtitle, or the legend of several predictions.
    :param title: main title; ``None`` for ``ROC Curve for '...'``.
    :param subtitle: a line below it; ``None`` for the area of a single prediction.
    :param x_title: title of the axis of 1 - specificity.
    :param y_title: title of the axis of sensitivity.
    :param legend: whether there is a legend; ``None``: with several predictions.
    :param chance_grid_line: draw the line from (0, 0) to (1, 1), that of predictions by chance.
    :param ax: matplotlib's axes to draw into; ``None`` for those of a new figure.
    :returns: what :func:`rx_roc` returns.
    """
    frame = rx_roc(actual_var_name, pred_var_names, data, num_breaks, True, blocks_per_read, report_progress)
    ax = new_axes(ax)
    if ax is None:
        return frame
    areas = frame.attrs["auc"]
    for name, curve in frame.groupby("predVarName", observed=True):
        shown = f"{name} (AUC: {areas[name]:.4f})" if compute_auc else str(name)
        ax.plot([*(1 - curve["specificity"]), 0.0], [*curve["sensitivity"], 0.0], label=shown)
    if chance_grid_line:
        ax.plot([0, 1], [0, 1], color="grey", linewidth=1, linestyle="dotted")
    if legend or (legend is None and len(areas) > 1):
        ax.legend(loc="lower right")
    if subtitle is None and compute_auc and len(areas) == 1:
        subtitle = f"AUC: {next(iter(areas.values())):.4f}"
    label(
        ax,
        title if title is not None else f"ROC Curve for '{actual_var_name}'",
        subtitle,
        x_title or "False Positive Rate (1 - Specificity)",
        y_title or "True Positive Rate (Sensitivity)",
    )
    return frame
