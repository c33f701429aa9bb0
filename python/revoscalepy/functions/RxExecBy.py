"""A function run on each group of a data set."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from revoscalepy._arguments import names, no_extra
from revoscalepy._paths import input_path
from revoscalepy._tasks import run_here
from revoscalepy.computecontext.RxComputeContext import (
    RxComputeContext,
    resolved,
    rx_set_temp_compute_context,
)
from revoscalepy.computecontext.RxLocalParallel import RxLocalParallel
from revoscalepy.datasource.RxXdfData import RxXdfData
from revoscalepy.functions.RxExec import collected, gathered, started
from revoscalepy.functions.RxPartition import rx_get_partitions, rx_partition

if TYPE_CHECKING:
    import pandas as pd

    from revoscalepy.functions._exec_by_results import RxExecByResults
    from revoscalepy.functions.RxJobs import RxRemoteJob


def rx_exec_by(
    input_data: Any,
    keys: list[str] | str | None = None,
    function: Callable[..., Any] | None = None,
    function_parameters: Mapping[str, Any] | None = None,
    filter_function: Callable[[pd.DataFrame], pd.DataFrame] | None = None,
    compute_context: RxComputeContext | str | None = None,
    **kwargs: Any,
) -> RxExecByResults | RxRemoteJob:
    """Run a function on each group of rows with equal keys.

    The data are split into a folder of XDF files beside each other, in one pass, unless they are a partitioned set with
    these keys already; memory holds one block. Where tasks run, :func:`rx_exec` says.

    :param input_data: data source, path, DataFrame or Arrow object.
    :param keys: names of the key columns; of a partitioned set ``None`` for its own.
    :param function: called as ``function(keys=..., data=...)`` with a dictionary of the key values and an
        ``RxXdfData`` of the rows, which has all columns and all levels of factors.
    :param function_parameters: further keyword arguments of the function.
    :param filter_function: takes a DataFrame of the key values, a row for each group, and returns the rows of those
        that are to run.
    :param compute_context: where the tasks run; ``None`` for the active context.
    :returns: :class:`RxExecByResults`, a DataFrame with a row for each group, in the order of the keys: the keys are
        its index, ``result`` has what the function returned, ``status`` is ``"OK"`` or an :class:`RxTaskError`; where
        the context does not wait, an :class:`RxRemoteJob`.
    :raises ValueError: for an unknown column, or a column that cannot be a key.
    """
    no_extra("rx_exec_by", kwargs)
    if not callable(function):
        raise TypeError(f"rx_exec_by: function must be callable, not {type(function).__name__}")
    context = resolved("rx_exec_by", compute_context)
    context._check("rx_exec_by")
    folder, groups = _groups(input_data, names("keys", keys))
    try:
        index = groups.drop(columns="DataSource")
        if filter_function is not None:
            groups = _filtered(filter_function, groups, index)
            index = groups.drop(columns="DataSource")
        tasks = [
            {
                "function": function,
                "keys": {name: index[name].iloc[row] for name in index.columns},
                "data": groups["DataSource"].iloc[row],
                "parameters": dict(function_parameters or {}),
            }
            for row in range(len(groups))
        ]

        def shaped(results: list[Any]) -> RxExecByResults:
            from revoscalepy.functions._exec_by_results import of_results

            return of_results(index, results)

        if not isinstance(context, RxLocalParallel):
            packages = getattr(context, "packages_to_load", ())
            with rx_set_temp_compute_context(context):
                here = run_here(_on_group, tasks, packages, getattr(context, "seed", None), False)
                return shaped(collected(here, None, False, False))
        run = started(_on_group, tasks, context, 1, False)
        if not context.wait:
            from revoscalepy.functions.RxJobs import begun

            kept, folder = folder, None
            return begun(context, run, None, False, shaped, None if kept is None else kept.cleanup)
        return shaped(gathered(run, None, False, context.console_output))
    finally:
        if folder is not None:
            folder.cleanup()


def _on_group(
    function: Callable[..., Any], keys: dict[str, Any], data: RxXdfData, parameters: dict[str, Any]
) -> Any:
    return function(keys=keys, data=data, **parameters)


def _groups(
    input_data: Any, keys: list[str] | None
) -> tuple[tempfile.TemporaryDirectory[str] | None, pd.DataFrame]:
    """The partitions with their keys; and the folder to remove, where they were made for this."""
    file = getattr(input_data, "file", input_data)
    plain = not any(
        getattr(input_data, name, None) for name in ("vars_to_keep", "vars_to_drop", "_partition")
    )
    if plain and isinstance(file, (str, os.PathLike)) and os.path.isdir(input_path(file)):
        try:
            groups = rx_get_partitions(RxXdfData(str(file)))
        except ValueError:
            # a composite set, which has no keys
            groups = None
        if groups is not None:
            own = [str(name) for name in groups.columns if name != "DataSource"]
            if keys is None or keys == own:
                return None, groups
    if not keys:
        raise ValueError("rx_exec_by: keys must name the columns of the groups")
    folder = tempfile.TemporaryDirectory(prefix="rxdf-")
    try:
        return folder, rx_partition(input_data, RxXdfData(os.path.join(folder.name, "groups")), keys)
    except BaseException:
        folder.cleanup()
        raise


def _filtered(
    filter_function: Callable[[pd.DataFrame], pd.DataFrame], groups: pd.DataFrame, index: pd.DataFrame
) -> pd.DataFrame:
    import pandas as pd

    chosen = filter_function(index.copy())
    if not isinstance(chosen, pd.DataFrame) or not chosen.index.isin(groups.index).all():
        raise ValueError("rx_exec_by: filter_function must return rows of the DataFrame that it is given")
    return groups.loc[chosen.index]
