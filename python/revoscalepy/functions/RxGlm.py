"""Generalized linear models. Microsoft's Python package had none; names and defaults are those of R's ``rxGlm``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from revoscalepy import _native
from revoscalepy._arguments import no_extra
from revoscalepy._fitted import FittedModel, FittedSummary
from revoscalepy._likelihood import fit
from revoscalepy._steps import Steps
from revoscalepy.computecontext.RxComputeContext import in_compute_context
from revoscalepy.functions.RxStepControl import RxStepControl


@dataclass(frozen=True)
class Family:
    """A family of distributions with its link, for :func:`rx_glm`.

    :param name: ``gaussian``, ``binomial``, ``poisson``, ``Gamma``, ``inverse.gaussian``, ``quasi``,
        ``quasibinomial``,
        ``quasipoisson`` or ``tweedie``.
    :param link: ``identity``, ``log``, ``inverse``, ``1/mu^2``, ``sqrt``, ``logit``, ``probit``, ``cloglog``,
        ``cauchit``
        or a power such as ``mu^0.3``; ``None`` is the family's own.
    :param variance: of ``quasi``: ``constant``, ``mu(1-mu)``, ``mu``, ``mu^2`` or ``mu^3``.
    :param power: of ``tweedie``: the power of the mean that the variance is; 0, or 1 and above.
    :param link_power: the link as a power of the mean, 0 for the logarithm; ``None`` to go by ``link``.
    """

    name: str
    link: str | None = None
    variance: str | None = None
    power: float | None = None
    link_power: float | None = None


def rx_tweedie(var_power: float = 0, link_power: float | None = None) -> Family:
    """Return the Tweedie family for :func:`rx_glm`.

    :param var_power: power of the mean that the variance is: 0 is the normal distribution, 1 Poisson's, between 1
        and 2
        a sum of gamma variables whose number is Poisson's, 2 gamma, 3 inverse Gaussian.
    :param link_power: power of the mean that is linear, 0 for the logarithm; ``None`` is ``1 - var_power``.
    """
    return Family(
        "tweedie", power=float(var_power), link_power=None if link_power is None else float(link_power)
    )


class RxGlmResults(FittedModel):
    """A fitted generalized linear model; fields are attributes, and items also under their dotted names.

    The fields are those of :class:`RxLogitResults`, and:

    - ``family``, ``link``: names.
    - ``dispersion``: 1 for binomial and Poisson, else Pearson's statistic over the residual degrees of freedom.
    - ``aic``: ``None`` for families without a likelihood.
    - ``coef_t_value``, ``coef_p_value``: of the normal distribution for the binomial family, else of t.

    Models pickle; the bytes hold the model, not the data.
    """

    def summary(self) -> FittedSummary:
        """Return the coefficients with their standard errors and tests, and the quality of the fit."""
        test = "z" if self.family == "binomial" else "t"
        return FittedSummary(self._table(test), self._model.summary_text().rstrip())

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (self._model.to_bytes(),)


def _restored(data: bytes) -> RxGlmResults:
    return RxGlmResults(_native.GlmModel.from_bytes(data))


@in_compute_context
def rx_glm(
    formula: str,
    data: Any,
    family: str | Family | Mapping[str, Any] = "gaussian",
    pweights: str | None = None,
    fweights: str | None = None,
    offset: str | None = None,
    cube: bool = False,
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
    compute_aic: bool = False,
    initial_values: list[float] | float | None = float("nan"),
    coef_label_style: str | None = None,
    blocks_per_read: int | None = None,
    max_iterations: int = 25,
    coeff_tolerance: float = 1e-06,
    objective_function_tolerance: float = 1e-08,
    report_progress: int | None = None,
    verbose: int = 0,
    compute_context: Any = None,
    **kwargs: Any,
) -> RxGlmResults:
    """Fit a generalized linear model by iteratively reweighted least squares, block by block.

    Rows with a missing value in any variable of the model are left out and counted.

    :param formula: response and terms, as text: ``"claims ~ age + region"``.
    :param data: data source, path, DataFrame or Arrow object.
    :param family: name of the family, or a :class:`Family` (of :func:`rx_tweedie`, or with a link), or a dictionary
        of its fields.
    :param pweights: column of probability weights.
    :param fweights: column of frequency weights: whole numbers, how many observations a row stands for.
    :param offset: column that is added to the linear predictor.
    :param cube: the first term is categorical and gets one coefficient for each of its cells, without an intercept.
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
    :param compute_aic: no effect: the criterion is always computed.
    :param initial_values: NaN or ``None`` to start near the responses as R's ``glm``, a number for all
        coefficients, or a list with one for each.
    :param coef_label_style: ``"Revo"`` (``None``) or ``"R"``.
    :param max_iterations: the most iterations.
    :param coeff_tolerance: change of a coefficient, relative to the largest, that ends the iteration.
    :param objective_function_tolerance: change of the deviance, relative to it, that ends the iteration.
    :param report_progress: 0 nothing, 1 rows, 2 and 3 also times.
    :param compute_context: where it runs; ``None`` for the active context.

    ``blocks_per_read`` and ``verbose`` have no effect.

    :raises ValueError: for a formula that cannot be understood, an unknown column, family or link, a column of the
        wrong
        type, a response that the family does not have, data without a complete row.
    """
    no_extra("rx_glm", kwargs)
    chosen = _family(family)
    model = fit(
        "rx_glm",
        formula,
        data,
        {
            "family": chosen.name,
            "link": chosen.link,
            "variance": chosen.variance,
            "power": chosen.power,
            "link_power": chosen.link_power,
            "offset": offset,
        },
        pweights=pweights,
        fweights=fweights,
        cube=bool(cube),
        drop_first=bool(drop_first),
        cov_coef=bool(cov_coef),
        coefficient_tolerance=float(coeff_tolerance),
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
    return RxGlmResults(model)


def _family(family: str | Family | Mapping[str, Any]) -> Family:
    if isinstance(family, Family):
        return family
    if isinstance(family, str):
        return Family(family)
    if isinstance(family, Mapping):
        return Family(**family)
    raise TypeError(f"rx_glm: family must be a name, a Family or a dictionary, not {type(family).__name__}")
