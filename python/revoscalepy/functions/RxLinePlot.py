"""Line plots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from revoscalepy._arguments import UnsupportedArgumentError
from revoscalepy._frames import to_pandas
from revoscalepy._plots import label, new_axes, panels
from revoscalepy._progress import finished, of_level
from revoscalepy._source import one_pass
from revoscalepy._steps import Steps

if TYPE_CHECKING:
    import pandas as pd

_STYLES: dict[str, dict[str, Any]] = {
    "l": {"linestyle": "-"},
    "p": {"linestyle": "none", "marker": "o"},
    "b": {"linestyle": "-", "marker": "o"},
    "r": {"linestyle": "none", "marker": "o", "alpha": 0.4},
}


def rx_line_plot(
    formula: str,
    data: Any,
    row_selection: Any = None,
    transforms: Mapping[str, Any] | None = None,
    type: str | Sequence[str] = "l",
    title: str | None = None,
    subtitle: str | None = None,
    x_title: str | None = None,
    y_title: str | None = None,
    legend: bool = True,
    line_color: str | Sequence[str] | None = None,
    line_width: float = 2,
    symbol_size: float | None = None,
    report_progress: int | None = None,
    print: bool = True,
    *,
    ax: Any = None,
) -> pd.DataFrame:
    """Draw variables against another one, in the order of the rows, where matplotlib is installed.

    RevoScaleR's ``rxLinePlot``, which Microsoft's Python package did not have; of its arguments for grids, ticks,
    symbols and transform functions none is here but ``symbol_size``. The columns of the plot are read into memory.

    :param formula: ``"y ~ x"``, ``"y1 + y2 ~ x"`` for several lines, ``"y ~ x | g + h"`` for a panel for each
        combination of factors that the data have. Variables are columns, also those of ``transforms``.
    :param data: data source, path, DataFrame or Arrow object.
    :param row_selection: an expression, a function of a chunk, or logicals for all rows; the rows for which it is true
        are used. It sees computed columns.
    :param transforms: name to expression, or to a function of a chunk: columns to add or replace, in order.
    :param type: ``"l"`` lines, ``"p"`` points, ``"b"`` both, ``"r"`` points and their regression line.
    :param title: main title; ``None`` for none.
    :param x_title: title of the axis of x; ``None`` for its name.
    :param y_title: title of the axis of y; ``None`` for the names.
    :param legend: whether several lines have a legend.
    :param line_color: a color, or one for each line.
    :param line_width: width of the lines, in points.
    :param symbol_size: size of the points, in points.
    :param report_progress: 0 nothing, 1 rows, 2 and 3 also times.
    :param print: whether it is drawn.
    :param ax: matplotlib's axes to draw into, for a plot without panels; ``None`` for those of a new figure.
    :returns: DataFrame with the columns of the plot.

    :raises ValueError: for a formula that cannot be understood, an unknown column.
    """
    style = type if isinstance(type, str) else type[0]
    if style in ("s", "smooth"):
        raise UnsupportedArgumentError(
            "rx_line_plot: type 'smooth' is not supported yet; 'r' draws a straight line"
        )
    if style not in _STYLES:
        raise ValueError(f"rx_line_plot: type must be one of {', '.join(map(repr, _STYLES))}, not {type!r}")
    ys, x, factors = _parts(formula)
    source = Steps.of(locals()).source("rx_line_plot", data)
    progress = of_level(report_progress)
    columns = list(dict.fromkeys([*factors, x, *ys]))
    frame = to_pandas(source.project(columns).read(one_pass(progress=progress)))
    finished(progress)
    if not print or (first := new_axes(ax)) is None:
        return frame
    colors = [line_color] if isinstance(line_color, str) else list(line_color or [])
    look = {**_STYLES[style], "linewidth": line_width}
    if symbol_size is not None:
        look["markersize"] = symbol_size

    def draw(axes: Any, rows: pd.DataFrame) -> None:
        for i, y in enumerate(ys):
            color = {"color": colors[i % len(colors)]} if colors else {}
            (line,) = axes.plot(rows[x].to_numpy(), _numbers(rows[y]), label=y, **look, **color)
            if style == "r":
                axes.plot(*_regression(rows, x, y), linewidth=line_width, color=line.get_color())
        if legend and len(ys) > 1:
            axes.legend()

    titles = (title, subtitle, x_title or x, y_title or ", ".join(ys))
    if factors:
        groups = [
            (dict(zip(factors, keys, strict=True)), rows)
            for keys, rows in frame.groupby(factors, observed=True)
        ]
        panels(first, groups, draw, titles)
    else:
        draw(first, frame)
        label(first, *titles)
    return frame


def _parts(formula: str) -> tuple[list[str], str, list[str]]:
    """The names of y, x and the factors of a formula."""
    response, tilde, rest = formula.partition("~")
    x, _, given = rest.partition("|")
    ys = [name.strip() for name in response.split("+")]
    factors = [name.strip() for name in given.replace("*", "+").split("+")] if given.strip() else []
    if not tilde or not x.strip() or not all(ys) or not all(factors):
        raise ValueError(
            f"rx_line_plot: the formula must be 'y ~ x', 'y1 + y2 ~ x' or 'y ~ x | g', not {formula!r}"
        )
    return ys, x.strip(), factors


def _numbers(column: pd.Series) -> Any:
    """A column as numpy draws it: missing integers are gaps."""
    return (
        column.to_numpy(dtype="float64", na_value=float("nan"))
        if column.dtype.kind in "iufb"
        else column.to_numpy()
    )


def _regression(rows: pd.DataFrame, x: str, y: str) -> tuple[Any, Any]:
    """The ends of the regression line."""
    import numpy as np

    from revoscalepy.functions.RxLinMod import rx_lin_mod

    intercept, slope = rx_lin_mod("y ~ x", {"y": _numbers(rows[y]), "x": _numbers(rows[x])}).coefficients["y"]
    ends = np.array([rows[x].min(), rows[x].max()], dtype="float64")
    return ends, intercept + slope * ends
