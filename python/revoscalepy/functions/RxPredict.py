"""Predictions from fitted models."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from revoscalepy import _native
from revoscalepy._arguments import check_append, names
from revoscalepy._fitted import FittedModel
from revoscalepy._frames import to_arrays, to_pandas
from revoscalepy._output import compression_level, microsoft_container, output_source
from revoscalepy._paths import output_path
from revoscalepy._progress import finished, of_level
from revoscalepy._source import data_name, one_pass, open_source
from revoscalepy.computecontext.RxComputeContext import in_compute_context
from revoscalepy.datasource._database import DatabaseData

if TYPE_CHECKING:
    from pandas import DataFrame

    from revoscalepy.datasource.RxDataSource import RxDataSource

INTERVALS = ("none", "confidence", "prediction")
TYPES = (None, "response", "link", "class", "prob", "distance")

#: what the engine calls a type that is not its own name
SCALES = {"class": "Response", "prob": "Probability"}


def rx_predict(
    model_object: Any = None, data: Any = None, output_data: Any = None, **kwargs: Any
) -> DataFrame | RxDataSource | dict[str, Any]:
    """Predict with a fitted model; the kind of model decides which function does it.

    :param model_object: a fitted model: of :func:`rx_lin_mod`, :func:`rx_logit`, :func:`rx_glm`, :func:`rx_kmeans`,
        :func:`rx_naive_bayes`.
    :param data: data source, path, DataFrame or Arrow object with the model's variables.
    :param output_data: path or data source to write to; ``None`` returns a DataFrame.
    :param kwargs: the further arguments of :func:`rx_predict_default`.
    """
    return rx_predict_default(model_object, data, output_data, **kwargs)


#: the name before release 9.2
rx_predict_ex = rx_predict


@in_compute_context
def rx_predict_default(
    model_object: Any = None,
    data: Any = None,
    output_data: Any = None,
    compute_standard_errors: bool = False,
    interval: list[str] | str = "none",
    confidence_level: float = 0.95,
    compute_residuals: bool = False,
    type: list[str] | str | None = None,
    write_model_vars: bool = False,
    extra_vars_to_write: list[str] | str | None = None,
    remove_missings: bool = False,
    append: list[str] | str | None = None,
    overwrite: bool = False,
    check_factor_levels: bool = True,
    predict_var_names: list[str] | str | None = None,
    residual_var_names: list[str] | str | None = None,
    interval_var_names: list[str] | str | None = None,
    std_errors_var_names: list[str] | str | None = None,
    blocks_per_read: int = 0,
    report_progress: int | None = None,
    verbose: int = 0,
    xdf_compression_level: int = 0,
    compute_context: Any = None,
    **kwargs: Any,
) -> DataFrame | RxDataSource | dict[str, Any]:
    """Predict the response of a linear, logistic or generalized linear model, block by block.

    The output has ``<response>_Pred``, then as asked for ``<response>_StdErr``, ``<response>_Lower`` and
    ``<response>_Upper``, ``<response>_Resid``. A row with a missing predictor has missing predictions;
    with residuals, also a row with a missing response.

    :param model_object: a fitted model.
    :param data: data source, path, DataFrame or Arrow object with the model's variables.
    :param output_data: path or data source to write to; ``None`` returns a DataFrame. The data's own XDF file gets
        the predictions as further columns.
    :param compute_standard_errors: also standard errors; the model needs ``cov_coef=True``.
    :param interval: ``"none"``, ``"confidence"`` or ``"prediction"``, the last of linear models only; the model needs
        ``cov_coef=True``.
    :param confidence_level: level of the interval, between 0 and 1.
    :param compute_residuals: also residuals; the data need the response.
    :param type: ``None`` or ``"response"`` for the mean, ``"link"`` for the linear predictor, which is the same for a
        linear model. Standard errors and bounds are of the same scale; residuals are those of the response. Of
        :func:`rx_kmeans` ``None`` for the cluster, ``"distance"`` also for the distance from each center; of
        :func:`rx_naive_bayes` ``None`` or ``"class"`` for the most probable class, ``"prob"`` for the probability of
        each.
    :param write_model_vars: also the model's variables.
    :param extra_vars_to_write: further columns of the data to write.
    :param remove_missings: leave out rows with a missing value in any written column.
    :param append: ``None`` or ``"none"``; appending rows is not supported yet.
    :param overwrite: whether an existing output is replaced.
    :param check_factor_levels: no effect: levels are matched by their texts, and rows with a level that the model does
        not know get missing predictions.
    :param predict_var_names: name of the column of predictions.
    :param residual_var_names: name of the column of residuals.
    :param interval_var_names: names of the columns of the lower and upper bounds.
    :param std_errors_var_names: name of the column of standard errors.
    :param report_progress: 0 nothing, 1 rows, 2 and 3 also times.
    :param xdf_compression_level: 0 (default, as documented: no compression) to 9; -1 for 1. In Microsoft's container
        (option ``xdfFormat``) 0 is 1, unless ``xdfAllowInferred`` is set.
    :param compute_context: where it runs; ``None`` for the active context.

    ``blocks_per_read`` and ``verbose`` have no effect.

    :returns: a DataFrame, or the data source of the output.
    :raises ValueError: when the data lack a variable of the model, or the model has no covariance matrix.
    :raises FileExistsError: when the output exists and ``overwrite`` is false; it stays as it was.
    """
    for name in kwargs:
        raise TypeError(f"rx_predict() got an unexpected keyword argument '{name}'")
    if not isinstance(model_object, FittedModel):
        raise TypeError(
            f"rx_predict: {_kind(model_object)} is not a fitted model; give a result of rx_lin_mod, "
            "rx_logit, rx_glm, rx_kmeans or rx_naive_bayes"
        )
    if data is None:
        raise ValueError("rx_predict: data is missing; give the data to predict for")
    check_append("rx_predict", append)
    scale = _one("type", type, TYPES) or "response"
    prediction = {
        "std_errors": bool(compute_standard_errors),
        "interval": str(_one("interval", interval, INTERVALS)).capitalize(),
        "level": float(confidence_level),
        "residuals": bool(compute_residuals),
        "scale": SCALES.get(scale, scale.capitalize()),
        "write_model_vars": bool(write_model_vars),
        "extra_vars": names("extra_vars_to_write", extra_vars_to_write) or [],
        "remove_missings": bool(remove_missings),
        "predict_names": names("predict_var_names", predict_var_names),
        "residual_names": names("residual_var_names", residual_var_names),
        "interval_names": names("interval_var_names", interval_var_names),
        "std_error_names": names("std_errors_var_names", std_errors_var_names),
    }
    source = open_source(data, "rx_predict")
    model = model_object._model
    progress = of_level(report_progress)
    options = one_pass(progress=progress)
    if output_data is None or isinstance(output_data, DatabaseData):
        table = _native.predict(model, source, json.dumps(prediction), options)
        if output_data is not None:
            predicted = _native.Source.from_arrow(table, options)
            output_data._write(
                "rx_predict", predicted, append=False, overwrite=bool(overwrite), options=one_pass()
            )
            return output_data
        finished(progress)
        return to_pandas(table) if getattr(data, "return_data_frame", True) else to_arrays(table)
    path = output_path("rx_predict", output_data)
    if _same_file(path, data_name(data)):
        prediction["all_vars"] = True
        overwrite = True
    level = compression_level(int(xdf_compression_level))
    microsoft = microsoft_container()
    if microsoft is False:
        level = max(level, 1)
    _native.predict_to(
        model, source, json.dumps(prediction), path, level, bool(overwrite), microsoft, options
    )
    finished(progress)
    return output_source(output_data, path)


def _kind(model: Any) -> str:
    return "None" if model is None else f"an object of type {type(model).__name__}"


def _one(argument: str, value: list[str] | str | None, allowed: tuple[str | None, ...]) -> str | None:
    chosen = value[0] if isinstance(value, (list, tuple)) and value else value
    if chosen not in allowed:
        known = ", ".join(repr(choice) for choice in allowed if choice is not None)
        raise ValueError(f"rx_predict: {argument} must be one of {known}, not {chosen!r}")
    return chosen


def _same_file(path: str, other: str | None) -> bool:
    return (
        other is not None and os.path.exists(path) and os.path.exists(other) and os.path.samefile(path, other)
    )
