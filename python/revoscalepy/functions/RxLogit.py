"""Logistic regression."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from revoscalepy import _native
from revoscalepy._arguments import no_extra
from revoscalepy._fitted import FittedModel, FittedSummary
from revoscalepy._likelihood import fit
from revoscalepy._steps import Steps
from revoscalepy.computecontext.RxComputeContext import in_compute_context
from revoscalepy.functions.RxStepControl import RxStepControl


class RxLogitResults(FittedModel):
    """A fitted logistic regression; fields are attributes, and items also under their dotted names.

    With P coefficients:

    - ``coefficients``, ``coef_std_error``, ``coef_t_value`` (z values), ``coef_p_value``: DataFrames, P x 1,
    labelled;
      dropped coefficients are NaN.
    - ``aliased``: which coefficients were dropped; a Series of P logicals.
    - ``cov_coef``: DataFrame, P x P, when asked for.
    - ``deviance`` (-2 times the log likelihood), ``null_deviance``, ``aic``, ``dispersion`` (1): numbers.
    - ``df``: list: rank, residual degrees of freedom, number of coefficients.
    - ``iterations``, ``converged``, ``separated``: how the iteration ended; ``separated`` means that some terms
    predict
      the response without fault, so that their coefficients have no finite maximum.
    - ``fstatistics``, ``f_pvalue``, ``rank``, ``condition_number``, ``n_valid_obs``, ``n_missing_obs``.
    - ``count_df``: DataFrame of the cells and their counts, with ``cube=True``.
    - ``y_names``, ``event`` (the level that counts as 1), ``formula``, ``call``, ``params``.

    Models pickle; the bytes hold the model, not the data.
    """

    def summary(self) -> FittedSummary:
        """Return the coefficients with their standard errors and tests, and the quality of the fit."""
        return FittedSummary(self._table("z"), self._model.summary_text().rstrip())

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (self._model.to_bytes(),)


def _restored(data: bytes) -> RxLogitResults:
    return RxLogitResults(_native.GlmModel.from_bytes(data))


@in_compute_context
def rx_logit(
    formula: str,
    data: Any,
    pweights: str | None = None,
    fweights: str | None = None,
    cube: bool = False,
    cube_predictions: bool = False,
    variable_selection: RxStepControl | Mapping[str, Any] | list[Any] | None = None,
    row_selection: Any = None,
    transforms: dict[str, Any] | None = None,
    transform_objects: dict[str, Any] | None = None,
    transform_function: str | Callable[..., Any] | None = None,
    transform_variables: list[str] | None = None,
    transform_packages: list[str] | None = None,
    transform_environment: Any = None,
    drop_first: bool = False,
    drop_main: bool | None = None,
    cov_coef: bool = False,
    cov_data: bool = False,
    initial_values: list[float] | float | None = None,
    coef_label_style: str | None = None,
    blocks_per_read: int | None = None,
    max_iterations: int | None = None,
    coefficent_tolerance: float = 1e-06,
    gradient_tolerance: float = 1e-06,
    objective_function_tolerance: float = 1e-08,
    report_progress: int | None = None,
    verbose: int = 0,
    compute_context: Any = None,
    **kwargs: Any,
) -> RxLogitResults:
    """Fit a logistic regression by iteratively reweighted least squares, block by block.

    Rows with a missing value in any variable of the model are left out and counted.

    :param formula: response and terms; the response is 0 or 1, a logical, a factor of two levels of which the
        second is the event, or a condition: ``"late ~ day + F(hour)"``, ``"delay > 15 ~ day"``.
    :param data: data source, path, DataFrame or Arrow object.
    :param pweights: column of probability weights.
    :param fweights: column of frequency weights: whole numbers, how many observations a row stands for.
    :param cube: the first term is categorical and gets one coefficient for each of its cells, without an intercept.
    :param cube_predictions: with ``cube``: also predict every cell at the means of the other columns, in ``count_df``.
    :param variable_selection: an :class:`RxStepControl` or a dictionary of its fields: how terms are selected, starting
        from the formula's.
    :param row_selection: an expression, a function of a chunk, or logicals for all rows; the rows for which it is true
        are used. It sees computed columns.
    :param transforms: name to expression, or to a function of a chunk: columns to add or replace, in order.
    :param transform_function: a function ``(dataset, context)`` of a chunk; :func:`rx_data_step` says more of it and of
        the arguments that belong to it.
    :param drop_first: make the first level of each factor the reference.
    :param drop_main: drop main effects rather than cells of their interactions; ``None`` does.
    :param cov_coef: keep the covariance matrix of the coefficients; standard errors of predictions need it.
    :param cov_data: keep the covariance matrix of the columns of the design.
    :param initial_values: ``None`` to start from a linear regression of the response, NaN to start near the
        responses as R's ``glm``, a number for all coefficients, or a list with one for each.
    :param coef_label_style: ``"Revo"`` (``None``) or ``"R"``.
    :param max_iterations: the most iterations; ``None`` is 25.
    :param coefficent_tolerance: change of a coefficient, relative to the largest, that ends the iteration.
    :param objective_function_tolerance: change of the deviance, relative to it, that ends the iteration.
    :param report_progress: 0 nothing, 1 rows, 2 and 3 also times.
    :param compute_context: where it runs; ``None`` for the active context.

    ``gradient_tolerance`` is deprecated and has no effect, nor have ``blocks_per_read`` and ``verbose``. The argument
    ``coefficient_tolerance`` is taken for the documented, misspelt one.

    :raises ValueError: for a formula that cannot be understood, an unknown column, a column of the wrong type, a
        response
        that is not binary, data without a complete row.
    """
    coefficent_tolerance = kwargs.pop("coefficient_tolerance", coefficent_tolerance)
    no_extra("rx_logit", kwargs)
    model = fit(
        "rx_logit",
        formula,
        data,
        {},
        pweights=pweights,
        fweights=fweights,
        cube=bool(cube),
        cube_predictions=bool(cube_predictions),
        drop_first=bool(drop_first),
        cov_coef=bool(cov_coef),
        cov_data=bool(cov_data),
        coefficient_tolerance=float(coefficent_tolerance),
        objective_function_tolerance=float(objective_function_tolerance),
        steps=Steps.of(locals()),
        initial_values=initial_values,
        drop_main=drop_main,
        coef_label_style=coef_label_style,
        max_iterations=max_iterations,
        report_progress=report_progress,
        variable_selection=variable_selection,
        unbuilt={"transform_environment": transform_environment},
    )
    return RxLogitResults(model)


#: the name before release 9.2
rx_logit_ex = rx_logit
