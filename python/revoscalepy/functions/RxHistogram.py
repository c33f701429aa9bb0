"""Histograms."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from revoscalepy import _native
from revoscalepy._arguments import names
from revoscalepy._plots import label, new_axes, panels
from revoscalepy._progress import finished, of_level
from revoscalepy._source import one_pass
from revoscalepy._steps import Steps
from revoscalepy._tables import number, prepared

if TYPE_CHECKING:
    import pandas as pd


def rx_histogram(
    formula: str,
    data: Any,
    pweights: str | None = None,
    fweights: str | None = None,
    num_breaks: int | None = None,
    start_val: float | None = None,
    end_val: float | None = None,
    levels_to_drop: str | Sequence[str] | None = None,
    levels_to_keep: str | Sequence[str] | None = None,
    row_selection: Any = None,
    transforms: dict[str, Any] | None = None,
    transform_objects: dict[str, Any] | None = None,
    transform_function: Any = None,
    transform_variables: list[str] | None = None,
    transform_packages: list[str] | None = None,
    transform_environment: Any = None,
    blocks_per_read: int | None = None,
    hist_type: str = "Counts",
    title: str | None = None,
    subtitle: str | None = None,
    x_title: str | None = None,
    y_title: str | None = None,
    fill_color: str = "cyan",
    line_color: str = "black",
    max_num_panels: int | None = 100,
    report_progress: int | None = None,
    print: bool = True,
    **kwargs: Any,
) -> pd.DataFrame:
    """Count the values of a variable in bins or by level, and draw the bars, where matplotlib is installed.

    RevoScaleR's ``rxHistogram``, which Microsoft's Python package did not have; of its arguments for lines, grids and
    ticks none is here. Rows with a missing value in any variable are left out.

    :param formula: ``"~ x"``, ``"~ F(x)"`` with a bar for each integer, ``"~ x | g + h"`` with a panel for each
        combination of the levels of factors.
    :param data: data source, path, DataFrame or Arrow object.
    :param pweights: name of a column of probability weights.
    :param fweights: name of a column of frequency weights (whole numbers).
    :param num_breaks: how many bounds of bins, both ends included; ``None`` for round numbers, some 21.
    :param start_val: the lower bound of the first bin; ``None`` for the least value.
    :param end_val: the upper bound of the last bin; ``None`` for the largest value.
    :param levels_to_drop: levels of a factor that are not shown.
    :param levels_to_keep: levels of a factor that are shown.
    :param row_selection: an expression, a function of a chunk, or logicals for all rows; the rows for which it is true
        are used. It sees computed columns.
    :param transforms: name to expression, or to a function of a chunk: columns to add or replace, in order.
    :param transform_function: a function ``(dataset, context)`` of a chunk; :func:`rx_data_step` says more of it and of
        the arguments that belong to it.
    :param hist_type: ``"Counts"`` or ``"Percent"`` of each panel.
    :param title: main title; ``None`` for none.
    :param x_title: title of the axis of the variable; ``None`` for its name.
    :param y_title: title of the axis of the bars; ``None`` for the type of the histogram.
    :param fill_color: color of the bars.
    :param line_color: color of their edges.
    :param max_num_panels: the most panels; ``None`` for any number.
    :param report_progress: 0 nothing, 1 rows, 2 and 3 also times.
    :param print: whether the bars are drawn.
    :returns: DataFrame with a row for each bar of each panel: the factors of the panels, ``start`` and ``end`` of the
        bin or ``level``, ``Counts`` and ``Percent``. Its ``attrs`` have ``outside``, ``valid_obs`` and ``missing_obs``.

    ``blocks_per_read`` has no effect.

    :raises ValueError: for a formula that cannot be understood, an unknown column, bounds that do not fit.
    """
    import pandas as pd

    if hist_type not in ("Counts", "Percent"):
        raise ValueError(f"rx_histogram: hist_type must be 'Counts' or 'Percent', not {hist_type!r}")
    unbuilt = {"transform_environment": transform_environment}
    source = prepared("rx_histogram", data, Steps.of(locals()), unbuilt, kwargs)
    choices = {
        "num_breaks": None if num_breaks is None else int(num_breaks),
        "start": None if start_val is None else float(start_val),
        "end": None if end_val is None else float(end_val),
        "levels_to_keep": names("levels_to_keep", levels_to_keep) or [],
        "levels_to_drop": names("levels_to_drop", levels_to_drop) or [],
        "max_panels": 2**32 if max_num_panels is None else int(max_num_panels),
        "pweights": pweights,
        "fweights": fweights,
    }
    progress = of_level(report_progress)
    fields = json.loads(_native.histogram(source, formula, json.dumps(choices), one_pass(progress=progress)))
    finished(progress)
    bars = []
    for panel in fields["panels"]:
        columns: dict[str, Any] = dict(panel["levels"].items())
        if "breaks" in fields:
            columns |= {"start": fields["breaks"][:-1], "end": fields["breaks"][1:]}
        else:
            columns["level"] = fields["levels"]
        columns |= {"Counts": panel["counts"], "Percent": [number(x) for x in panel["percent"]]}
        bars.append(pd.DataFrame(columns))
    frame = pd.concat(bars, ignore_index=True)
    frame.attrs.update(
        outside=fields["outside"], valid_obs=fields["validObs"], missing_obs=fields["missingObs"]
    )
    if print:
        titles = (title, subtitle, x_title or fields["variable"], y_title or hist_type)
        _draw(bars, fields, hist_type, titles, fill_color, line_color)
    return frame


def _draw(
    frames: list[pd.DataFrame],
    fields: dict[str, Any],
    hist_type: str,
    titles: tuple[str | None, str | None, str, str],
    fill: str,
    line: str,
) -> None:
    """The bars of one panel, or of several beside each other."""
    first = new_axes()
    if first is None:
        return

    def bars(ax: Any, panel: pd.DataFrame) -> None:
        if "breaks" in fields:
            width = panel["end"] - panel["start"]
            ax.bar(panel["start"], panel[hist_type], width, align="edge", color=fill, edgecolor=line)
        else:
            ax.bar(panel["level"], panel[hist_type], color=fill, edgecolor=line)
            ax.tick_params("x", rotation=45 if len(panel) > 6 else 0)

    levels = [about["levels"] for about in fields["panels"]]
    if levels[0]:
        panels(first, list(zip(levels, frames, strict=True)), bars, titles)
        return
    bars(first, frames[0])
    label(first, *titles)
