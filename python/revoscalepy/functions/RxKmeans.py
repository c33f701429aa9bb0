"""k-means clusters."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from revoscalepy import _native
from revoscalepy._arguments import no_extra, not_built
from revoscalepy._fitted import FittedModel
from revoscalepy._progress import finished, of_level
from revoscalepy._source import data_class, data_name, one_pass, shown_call
from revoscalepy._steps import Steps
from revoscalepy.computecontext.RxComputeContext import in_compute_context
from revoscalepy.functions.RxPredict import rx_predict

if TYPE_CHECKING:
    import pandas as pd


class RxKmeansResults(FittedModel):
    """Clusters; fields are attributes, and items also under their dotted names.

    With K clusters of P columns:

    - ``centers``: DataFrame, K x P, its rows numbered from 1.
    - ``size``, ``withinss``: Series of K: rows, and the sum of their squared distances from the center.
    - ``totss``, ``tot_withinss``, ``betweenss``: numbers.
    - ``valid_obs``, ``missing_obs``, ``num_iterations``, ``converged``.
    - ``means``: Series of P: the means of the columns.
    - ``cluster``: Series: the cluster of each row, from 1, of data in memory; else ``None``.
    - ``out_file``: the data source with the cluster of each row, where one was asked for; else ``None``.
    - ``formula``, ``call``, ``params``.

    Models pickle; the bytes hold the model, not the data.
    """

    _shown_tables: ClassVar[dict[str, str]] = {"Centers": "centers", "Sizes": "size"}
    _shown_facts: ClassVar[tuple[str, ...]] = ("valid_obs", "missing_obs", "tot_withinss", "num_iterations")

    def __init__(self, model: _native.Clusters) -> None:
        self._model = model
        self._fields = _shaped(json.loads(model.fields()))

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (self._model.to_bytes(),)


def _restored(data: bytes) -> RxKmeansResults:
    return RxKmeansResults(_native.Clusters.from_bytes(data))


def _shaped(raw: dict[str, Any]) -> dict[str, Any]:
    import pandas as pd

    names = raw.pop("names")
    numbers = pd.RangeIndex(1, len(raw["size"]) + 1)
    return {
        **raw,
        "centers": pd.DataFrame(raw["centers"], index=numbers, columns=names, dtype="float64"),
        "size": pd.Series(raw["size"], index=numbers, dtype="int64"),
        "withinss": pd.Series(raw["withinss"], index=numbers, dtype="float64"),
        "means": pd.Series(raw["means"], index=names, dtype="float64"),
        "cluster": None,
        "out_file": None,
    }


@in_compute_context
def rx_kmeans(
    formula: str,
    data: Any,
    out_file: Any = None,
    out_col_name: str = ".rxCluster",
    write_model_vars: bool = False,
    extra_vars_to_write: list[str] | str | None = None,
    overwrite: bool = False,
    num_clusters: int | None = None,
    centers: Any = None,
    algorithm: str = "Lloyd",
    num_start_rows: int = 0,
    max_iterations: int = 1000,
    num_starts: int = 1,
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
    xdf_compression_level: int = 0,
    seed: int = 1,
    **kwargs: Any,
) -> RxKmeansResults:
    """Find clusters by k-means (Lloyd's algorithm), on rows in memory or block by block.

    RevoScaleR's ``rxKmeans``, which Microsoft's Python package did not have. Rows with a missing value in any variable
    are left out and counted; factors have a column of 0 and 1 for each level.

    :param formula: the variables: ``"~ a + b"``.
    :param data: data source, path, DataFrame or Arrow object.
    :param out_file: path or data source to write the cluster of each row to.
    :param out_col_name: name of the column of clusters.
    :param write_model_vars: also write the variables of the model to ``out_file``.
    :param extra_vars_to_write: further columns of the data to write to ``out_file``.
    :param overwrite: whether an existing output is replaced.
    :param num_clusters: how many clusters; not needed with ``centers``.
    :param centers: centers to start from: an array, a DataFrame or a list of rows, a column for each column of the
        model; or, as in R, the number of clusters.
    :param algorithm: only ``"Lloyd"``.
    :param num_start_rows: rows that starts are drawn from; 0 takes 8192, or 10 for each cluster where that is more.
    :param max_iterations: the most iterations.
    :param num_starts: starts to draw by k-means++, of which the best end counts; 0 starts from the first rows.
    :param row_selection: an expression, a function of a chunk, or logicals for all rows; the rows for which it is true
        are used. It sees computed columns.
    :param transforms: name to expression, or to a function of a chunk: columns to add or replace, in order.
    :param transform_function: a function ``(dataset, context)`` of a chunk; :func:`rx_data_step` says more of it and of
        the arguments that belong to it.
    :param report_progress: 0 nothing, 1 rows, 2 and 3 also times.
    :param compute_context: where it runs; ``None`` for the active context.
    :param xdf_compression_level: of ``out_file``, as of :func:`rx_predict`.
    :param seed: what is drawn depends on this number.

    ``blocks_per_read`` and ``verbose`` have no effect.

    :raises ValueError: for a formula that cannot be understood, an unknown column, fewer rows than clusters, centers
        of another number of columns.
    """
    no_extra("rx_kmeans", kwargs)
    not_built("rx_kmeans", transform_environment=transform_environment)
    if algorithm != "Lloyd":
        raise ValueError(f"rx_kmeans: algorithm must be 'Lloyd', not {algorithm!r}")
    if isinstance(centers, int) and not isinstance(centers, bool):
        num_clusters, centers = centers, None
    start = None if centers is None else _rows(centers)
    if start is None and num_clusters is None:
        raise ValueError("rx_kmeans: give num_clusters or centers")
    if start is not None and num_clusters not in (None, len(start)):
        raise ValueError(f"rx_kmeans: {len(start)} centers are given, but num_clusters is {num_clusters}")
    source = Steps.of(locals()).source("rx_kmeans", data)
    clusters = len(start) if start is not None else int(num_clusters or 0)
    request = {
        "options": {
            "clusters": max(clusters, 0),
            "centers": None if start is None else [x for row in start for x in row],
            "max_iterations": int(max_iterations),
            "num_starts": int(num_starts),
            "num_start_rows": int(num_start_rows),
            "seed": int(seed),
        },
        "call": shown_call("rx_kmeans", formula, data, num_clusters=num_clusters),
        "data": data_name(data) or data_class(data),
    }
    progress = of_level(report_progress)
    native = _native.kmeans(source, formula, json.dumps(request), one_pass(progress=progress))
    finished(progress)
    model = RxKmeansResults(native)
    if out_file is not None:
        model._fields["out_file"] = rx_predict(
            model,
            source,
            out_file,
            predict_var_names=out_col_name,
            write_model_vars=write_model_vars,
            extra_vars_to_write=extra_vars_to_write,
            overwrite=overwrite,
            xdf_compression_level=xdf_compression_level,
        )
    elif data_name(data) is None:
        model._fields["cluster"] = _clusters(model, source)
    return model


def _clusters(model: RxKmeansResults, source: _native.Source) -> pd.Series:
    predicted: Any = rx_predict(model, source)
    return predicted.iloc[:, 0]


def _rows(centers: Any) -> list[list[float]]:
    """Centers as a list of rows of numbers."""
    listed = centers.to_numpy() if hasattr(centers, "to_numpy") else centers
    listed = listed.tolist() if hasattr(listed, "tolist") else listed
    if not isinstance(listed, Sequence) or isinstance(listed, str):
        raise TypeError(
            f"rx_kmeans: centers must be an array, a DataFrame or a list of rows, not {type(centers).__name__}"
        )
    # one column
    rows = [list(row) if isinstance(row, Sequence) else [row] for row in listed]
    if not rows or len({len(row) for row in rows}) != 1:
        raise ValueError("rx_kmeans: centers must have rows of one length")
    numbers = [[float(x) for x in row] for row in rows]
    if not all(math.isfinite(x) for row in numbers for x in row):
        raise ValueError("rx_kmeans: centers must be finite numbers")
    return numbers
