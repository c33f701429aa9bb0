"""Plots of the coefficients in a selection of terms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from revoscalepy._plots import new_axes

if TYPE_CHECKING:
    import pandas as pd


def rx_step_plot(
    x: Any,
    plot_step_breaks: bool = True,
    omit_zero_coefs: bool = True,
    eps: float = 2.220446049250313e-16,
    main: str | None = None,
    xlab: str = "Step",
    ylab: str = "Stepwise Coefficients",
    type: str = "b",
    pch: str = "*",
    *,
    ax: Any = None,
) -> pd.DataFrame:
    """Draw the coefficients of each step of a selection of terms, where matplotlib is installed.

    RevoScaleR's ``rxStepPlot``, which Microsoft's Python package did not have.

    :param x: a model that was fitted with ``variable_selection=RxStepControl(keep_step_coefs=True)``.
    :param plot_step_breaks: draw a line at each step and write there which term was added or dropped.
    :param omit_zero_coefs: leave coefficients out that are 0 in every step; the intercept is never drawn.
    :param eps: what counts as 0.
    :param main: title; ``None`` for the formula.
    :param xlab: title of the axis of steps.
    :param ylab: title of the axis of coefficients.
    :param type: ``"b"`` lines and symbols, ``"l"`` lines, ``"p"`` symbols.
    :param pch: matplotlib's marker.
    :param ax: matplotlib's axes to draw into; ``None`` for those of a new figure.
    :returns: DataFrame with a row for each coefficient that is drawn and a column for each step, from 0.
    :raises ValueError: when the model has no coefficients of steps.
    """
    if "step_coefs" not in x:
        raise ValueError(
            "rx_step_plot: the model has no coefficients of steps; fit it with "
            "variable_selection=RxStepControl(keep_step_coefs=True)"
        )
    if type not in ("b", "l", "p"):
        raise ValueError(f"rx_step_plot: type must be 'b', 'l' or 'p', not {type!r}")
    shown = x.step_coefs.drop(index="(Intercept)", errors="ignore")
    if omit_zero_coefs:
        shown = shown[(shown.abs() > eps).any(axis=1)]
    axes = new_axes(ax)
    if axes is None:
        return shown
    look = {"linestyle": "none" if type == "p" else "-", "marker": None if type == "l" else pch}
    steps = range(shown.shape[1])
    for name, values in shown.iterrows():
        axes.plot(steps, values, label=name, **look)
    if plot_step_breaks:
        for step, term in enumerate(x.anova["Step"]):
            axes.axvline(step, color="lightgrey", linewidth=0.8, zorder=0)
            text = term or "start"
            axes.annotate(text, (step, 1), xycoords=("data", "axes fraction"), fontsize="small", rotation=45)
    axes.set_xticks(list(steps))
    axes.set_xlabel(xlab)
    axes.set_ylabel(ylab)
    axes.set_title(main if main is not None else x.formula, pad=36 if plot_step_breaks else None)
    if len(shown):
        axes.legend(fontsize="small")
    return shown
