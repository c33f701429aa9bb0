"""Naive Bayes classification."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from revoscalepy import _native
from revoscalepy._arguments import no_extra, not_built
from revoscalepy._fitted import FittedModel
from revoscalepy._html import page
from revoscalepy._progress import finished, of_level
from revoscalepy._source import data_class, data_name, one_pass, shown_call
from revoscalepy._steps import Steps
from revoscalepy.computecontext.RxComputeContext import in_compute_context


class RxNaiveBayesResults(FittedModel):
    """A naive Bayes classifier; fields are attributes, and items also under their dotted names.

    With K classes:

    - ``apriori``: Series of K: the shares of the classes.
    - ``tables``: dictionary by predictor of DataFrames with K rows: the columns ``Means`` and ``StdDev`` of a number,
      or a column for each level of a factor with its probability in the class.
    - ``levels``: list of K; ``counts``: Series of K: rows of each class.
    - ``response``, ``smoothing_factor``, ``n_valid_obs``, ``n_missing_obs``, ``formula``, ``call``.

    Models pickle; the bytes hold the model, not the data.
    """

    def _repr_html_(self) -> str:
        tables = [("A priori probabilities", self.apriori), *self.tables.items()]
        return page(
            self.call, tables, {name: self._fields[name] for name in ("n_valid_obs", "n_missing_obs")}
        )

    def __init__(self, model: _native.Classifier) -> None:
        self._model = model
        self._fields = _shaped(json.loads(model.fields()))

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (self._model.to_bytes(),)


def _restored(data: bytes) -> RxNaiveBayesResults:
    return RxNaiveBayesResults(_native.Classifier.from_bytes(data))


def _shaped(raw: dict[str, Any]) -> dict[str, Any]:
    import pandas as pd

    levels = raw["levels"]

    def table(given: dict[str, Any]) -> pd.DataFrame:
        if "means" in given:
            columns = {"Means": given["means"], "StdDev": given["std_devs"]}
            return pd.DataFrame(columns, index=levels, dtype="float64")
        return pd.DataFrame(given["probabilities"], index=levels, columns=given["levels"], dtype="float64")

    return {
        **raw,
        "apriori": pd.Series(raw["apriori"], index=levels, dtype="float64"),
        "counts": pd.Series(raw["counts"], index=levels, dtype="int64"),
        "tables": {given["name"]: table(given) for given in raw["tables"]},
    }


@in_compute_context
def rx_naive_bayes(
    formula: str,
    data: Any,
    smoothing_factor: float = 0.0,
    row_selection: Any = None,
    transforms: dict[str, Any] | None = None,
    transform_objects: dict[str, Any] | None = None,
    transform_function: str | Callable[..., Any] | None = None,
    transform_variables: list[str] | None = None,
    transform_packages: list[str] | None = None,
    transform_environment: Any = None,
    blocks_per_read: int | None = None,
    report_progress: int | None = None,
    verbose: int = 0,
    compute_context: Any = None,
    **kwargs: Any,
) -> RxNaiveBayesResults:
    """Fit a naive Bayes classifier in one pass.

    RevoScaleR's ``rxNaiveBayes``, which Microsoft's Python package did not have. Rows without a class are left out and
    counted; a missing value leaves its row out of that variable only.

    :param formula: the class and its predictors: ``"class ~ a + b"``; the class is a factor, texts, a logical or a
        condition.
    :param data: data source, path, DataFrame or Arrow object.
    :param smoothing_factor: added to the count of each level of a factor in each class (Laplace smoothing).
    :param row_selection: an expression, a function of a chunk, or logicals for all rows; the rows for which it is true
        are used. It sees computed columns.
    :param transforms: name to expression, or to a function of a chunk: columns to add or replace, in order.
    :param transform_function: a function ``(dataset, context)`` of a chunk; :func:`rx_data_step` says more of it and of
        the arguments that belong to it.
    :param report_progress: 0 nothing, 1 rows, 2 and 3 also times.
    :param compute_context: where it runs; ``None`` for the active context.

    ``blocks_per_read`` and ``verbose`` have no effect.

    :raises ValueError: for a formula that cannot be understood, an unknown column, a numeric class, interactions.
    """
    no_extra("rx_naive_bayes", kwargs)
    not_built("rx_naive_bayes", transform_environment=transform_environment)
    source = Steps.of(locals()).source("rx_naive_bayes", data)
    progress = of_level(report_progress)
    model = _native.naive_bayes(
        source,
        formula,
        float(smoothing_factor),
        shown_call("rx_naive_bayes", formula, data, smoothing_factor=smoothing_factor),
        data_name(data) or data_class(data),
        one_pass(progress=progress),
    )
    finished(progress)
    return RxNaiveBayesResults(model)
