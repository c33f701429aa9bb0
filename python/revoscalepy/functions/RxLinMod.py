"""Linear regression."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from revoscalepy import _native
from revoscalepy._arguments import no_extra
from revoscalepy._fitted import FittedModel, FittedSummary
from revoscalepy._progress import finished, of_level
from revoscalepy._source import data_class, data_name, one_pass, shown_call
from revoscalepy._steps import Steps
from revoscalepy.computecontext.RxComputeContext import in_compute_context
from revoscalepy.functions.RxStepControl import step_request


class RxLinModResults(FittedModel):
    """A fitted linear model; fields are attributes, and items also under their dotted names (``coef.std.error``).

    With P coefficients and N responses:

    - ``coefficients``, ``coef_std_error``, ``coef_t_value``, ``coef_p_value``: DataFrames, P x N, labelled; dropped
      coefficients are NaN.
    - ``aliased``: which coefficients were dropped; a Series of P logicals.
    - ``cov_coef``: DataFrame, P x P, when asked for.
    - ``cov_data``: DataFrame, covariances of the columns but the intercept, when asked for.
    - ``residual_squares``, ``total_squares``, ``y_var``, ``sigma``, ``residual_variance``, ``r_squared``,
      ``adj_r_squared``, ``f_pvalue``, ``deviance``: a number, or with several responses a list of one each.
    - ``fstatistics``: dictionary of value, numdf, dendf; ``None`` for a model of only an intercept.
    - ``df``: list: rank, residual degrees of freedom, number of coefficients.
    - ``rank``, ``condition_number``, ``n_valid_obs``, ``n_missing_obs``: numbers.
    - ``count_df``: DataFrame of the cells and their counts, with ``cube=True``.
    - ``anova``: DataFrame of the steps of a selection of terms, ``formula_base`` where it started, ``step_coefs`` the
      coefficients by step, when they were kept.
    - ``y_names``, ``formula``, ``call``, ``params``.

    Models pickle; the bytes hold the model, not the data.
    """

    def summary(self) -> FittedSummary:
        """Return the coefficients with their standard errors and tests, and the quality of the fit."""
        return FittedSummary(self._table("t"), self._model.summary_text().rstrip())

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (self._model.to_bytes(),)


def _restored(data: bytes) -> RxLinModResults:
    return RxLinModResults(_native.LinearModel.from_bytes(data))


@in_compute_context
def rx_lin_mod(
    formula: str,
    data: Any,
    pweights: str | None = None,
    fweights: str | None = None,
    cube: bool = False,
    cube_predictions: bool = False,
    row_selection: Any = None,
    transforms: dict[str, Any] | None = None,
    transform_objects: dict[str, Any] | None = None,
    transform_function: str | Callable[..., Any] | None = None,
    transform_variables: list[str] | None = None,
    transform_packages: list[str] | None = None,
    drop_first: bool = False,
    drop_main: bool = True,
    cov_coef: bool = False,
    cov_data: bool = False,
    blocks_per_read: int = 1,
    report_progress: int | None = None,
    verbose: int = 0,
    compute_context: Any = None,
    **kwargs: Any,
) -> RxLinModResults:
    """Fit a linear model by least squares, in one pass over data of any size.

    :param formula: such as ``"ArrDelay ~ DayOfWeek + CRSDepTime"``; factors get a coefficient for each level but the
        last, which is the reference.
    :param data: data source, path, DataFrame or Arrow object.
    :param pweights: name of a column of probability weights.
    :param fweights: name of a column of frequency weights (whole numbers).
    :param cube: give every cell of the first term, a factor, its own coefficient instead of an intercept.
    :param cube_predictions: with ``cube``: also predict every cell, in ``count_df``.
    :param row_selection: an expression, a function of a chunk, or logicals for all rows; the rows for which it is true
        are used. It sees computed columns.
    :param transforms: name to expression, or to a function of a chunk: columns to add or replace, in order.
    :param transform_function: a function ``(dataset, context)`` of a chunk; :func:`rx_data_step` says more of it and of
        the arguments that belong to it.
    :param drop_first: make the first level of each factor the reference.
    :param drop_main: drop main effects rather than cells of their interactions.
    :param cov_coef: keep the covariance matrix of the coefficients; standard errors of predictions need it.
    :param cov_data: keep the covariance matrix of the columns of the design.
    :param report_progress: 0 nothing, 1 rows, 2 and 3 also times.
    :param compute_context: where it runs; ``None`` for the active context.

    ``blocks_per_read`` and ``verbose`` have no effect. Beside the documented arguments there is ``variable_selection``,
    an :class:`RxStepControl` or a dictionary of its fields: how terms are selected, starting from the formula's.

    :raises ValueError: for a formula that cannot be understood, an unknown column, a column of the wrong type, data
        without a complete row.
    """
    variable_selection = step_request("rx_lin_mod", kwargs.pop("variable_selection", None))
    no_extra("rx_lin_mod", kwargs)
    source = Steps.of(locals()).source("rx_lin_mod", data)
    fit: dict[str, Any] = {
        "pweights": pweights,
        "fweights": fweights,
        "cube": bool(cube),
        "cube_predictions": bool(cube_predictions),
        "drop_first": bool(drop_first),
        "drop_main": bool(drop_main),
        "cov_coef": bool(cov_coef),
        "cov_data": bool(cov_data),
    }
    call = shown_call("rx_lin_mod", formula, data, **{**fit, "drop_main": None})
    fit["variable_selection"] = variable_selection
    fit["call"], fit["data"] = call, data_name(data) or data_class(data)
    progress = of_level(report_progress)
    model = _native.lin_mod(source, formula, json.dumps(fit), one_pass(progress=progress))
    finished(progress)
    return RxLinModResults(model)


#: the name before release 9.2
rx_lin_mod_ex = rx_lin_mod
