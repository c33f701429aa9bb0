"""Covariances, correlations and cross products of variables."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from revoscalepy import _native
from revoscalepy._progress import finished, of_level
from revoscalepy._source import one_pass, shown_call
from revoscalepy._steps import Steps
from revoscalepy._tables import Fields, number, prepared, source_line
from revoscalepy.computecontext.RxComputeContext import in_compute_context

if TYPE_CHECKING:
    import pandas as pd


class RxCovCorResults(Fields):
    """The result of :func:`rx_cov_cor`.

    - ``CovCor``: the matrix, a DataFrame with the names of the variables on both sides.
    - ``StdDevs``, ``Means``: Series by variable.
    - ``valid.obs``, ``missing.obs``: rows that took part, and those with a missing value in any of the variables.
    - ``SumOfWeights``: the number of rows that took part, or the sum of their weights.
    - ``DroppedVars``: variables that were left out.
    - ``formula``, ``call``, ``params``.
    """

    def _shown(self) -> list[tuple[str, Any]]:
        return [("", self._fields["CovCor"])]


@in_compute_context
def rx_cov_cor(
    formula: str,
    data: Any,
    pweights: str | None = None,
    fweights: str | None = None,
    row_selection: Any = None,
    transforms: dict[str, Any] | None = None,
    transform_objects: dict[str, Any] | None = None,
    transform_function: Any = None,
    transform_variables: list[str] | None = None,
    transform_packages: list[str] | None = None,
    transform_environment: Any = None,
    keep_all: bool = True,
    var_tol: float = 1e-12,
    type: str = "Cov",
    blocks_per_read: int | None = None,
    report_progress: int | None = None,
    verbose: int = 0,
    compute_context: Any = None,
    **kwargs: Any,
) -> RxCovCorResults:
    """Compute a matrix of covariances, correlations, or sums of squares and cross products, in one pass.

    RevoScaleR's ``rxCovCor``, which Microsoft's Python package did not have. A factor has a column of 0 and 1 for each
    of its levels. Rows with a missing value in any variable are left out.

    :param formula: the variables: ``"~ a + b"``.
    :param data: data source, path, DataFrame or Arrow object.
    :param pweights: name of a column of probability weights.
    :param fweights: name of a column of frequency weights (whole numbers).
    :param row_selection: an expression, a function of a chunk, or logicals for all rows; the rows for which it is true
        are used. It sees computed columns.
    :param transforms: name to expression, or to a function of a chunk: columns to add or replace, in order.
    :param transform_function: a function ``(dataset, context)`` of a chunk; :func:`rx_data_step` says more of it and of
        the arguments that belong to it.
    :param keep_all: keep columns that depend on those before them, as the last level of a factor does.
    :param var_tol: a column whose variance is not larger than this is left out.
    :param type: ``"Cov"``, ``"Cor"`` or ``"SSCP"``, the last with a first column for the constant.
    :param report_progress: 0 nothing, 1 rows, 2 and 3 also times.
    :param compute_context: where it runs; ``None`` for the active context.

    ``blocks_per_read`` and ``verbose`` have no effect.

    :raises ValueError: for a formula that cannot be understood, an unknown column, data without a complete row.
    """
    import pandas as pd

    unbuilt = {"transform_environment": transform_environment}
    source = prepared("rx_cov_cor", data, Steps.of(locals()), unbuilt, kwargs)
    choices = {
        "pweights": pweights,
        "fweights": fweights,
        "keep_all": bool(keep_all),
        "variance_tolerance": float(var_tol),
        "kind": type,
    }
    progress = of_level(report_progress)
    found, text = _native.cov_cor(source, formula, json.dumps(choices), one_pass(progress=progress))
    finished(progress)
    fields = json.loads(found)
    matrix = [[number(x) for x in row] for row in fields["covCor"]]
    call = shown_call("rx_cov_cor", formula, data, type=type, pweights=pweights, fweights=fweights)
    results = {
        "CovCor": pd.DataFrame(matrix, index=fields["names"], columns=fields["names"], dtype="float64"),
        "StdDevs": pd.Series({k: number(v) for k, v in fields["stdDevs"].items()}, dtype="float64"),
        "Means": pd.Series({k: number(v) for k, v in fields["means"].items()}, dtype="float64"),
        "valid.obs": fields["validObs"],
        "missing.obs": fields["missingObs"],
        "SumOfWeights": fields["sumOfWeights"],
        "DroppedVars": fields["droppedVars"],
        "formula": formula,
        "call": call,
        "params": choices,
    }
    return RxCovCorResults(results, f"Call:\n{call}\n\n{source_line(data)}\n{text.rstrip()}")


def rx_cov(formula: str, data: Any, **arguments: Any) -> pd.DataFrame:
    """Compute covariances: the matrix of :func:`rx_cov_cor`, which has all arguments but ``type``."""
    return rx_cov_cor(formula, data, type="Cov", **arguments)["CovCor"]


def rx_cor(formula: str, data: Any, **arguments: Any) -> pd.DataFrame:
    """Compute correlations: the matrix of :func:`rx_cov_cor`, which has all arguments but ``type``."""
    return rx_cov_cor(formula, data, type="Cor", **arguments)["CovCor"]


def rx_sscp(formula: str, data: Any, **arguments: Any) -> pd.DataFrame:
    """Compute cross products: the matrix of :func:`rx_cov_cor`, which has all arguments but ``type``."""
    return rx_cov_cor(formula, data, type="SSCP", **arguments)["CovCor"]
