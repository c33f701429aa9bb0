"""Functions run many times, in this process or on several."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from revoscalepy._tasks import Outcome, argument_sets, run_here, with_state
from revoscalepy.computecontext.RxComputeContext import (
    RxComputeContext,
    resolved,
    rx_set_temp_compute_context,
)
from revoscalepy.computecontext.RxLocalParallel import RxLocalParallel
from revoscalepy.utils.RxOptions import RxOptions

if TYPE_CHECKING:
    from revoscalepy._processes import Run
    from revoscalepy.functions.RxJobs import RxRemoteJob


def rx_exec(
    function: Callable[..., Any],
    args: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
    times_to_run: int = -1,
    task_chunk_size: int | None = None,
    compute_context: RxComputeContext | str | None = None,
    local_state: Mapping[str, Any] = {},
    callback: Callable[[Any], Any] | None = None,
    continue_on_failure: bool = True,
    **kwargs: Any,
) -> list[Any] | RxRemoteJob:
    """Run a function one or several times and return what it returns, in order.

    In :class:`RxLocalSeq`, the default, one task runs after the other in this process; in :class:`RxLocalParallel` on
    several processes, each a new Python: functions and arguments are copied to them by cloudpickle, also functions of
    scripts and notebooks, and results are copied back.

    :param function: what is run; it gets keyword arguments.
    :param args: a dictionary of arguments for all executions, or a list with a dictionary for each.
    :param times_to_run: how often; -1 for as often as the lists are long, or once.
    :param task_chunk_size: tasks that a process takes at once; ``None`` for 1.
    :param compute_context: where the tasks run; ``None`` for the active context.
    :param local_state: further global variables of the function.
    :param callback: called here with the result of each task, in their order.
    :param continue_on_failure: go on after a task that failed; in its place the result has an :class:`RxTaskError`.
        Otherwise no further task begins, and the error is raised.
    :param kwargs: further arguments of the function: of a list each execution gets an element, all else goes to all;
        a list within a list is passed whole.
    :returns: list of results; where the context does not wait, an :class:`RxRemoteJob`.
    :raises RxTaskError: for the first task that failed, without ``continue_on_failure``: with its number and its
        traceback; :class:`RxWorkerCrash` where its process ended, :class:`RxTaskTimeout` where it took too long.
    :raises ValueError: when lists differ in length.
    """
    if not callable(function):
        raise TypeError(f"rx_exec: function must be callable, not {type(function).__name__}")
    if task_chunk_size is not None and task_chunk_size < 1:
        raise ValueError(f"rx_exec: task_chunk_size must be at least 1, not {task_chunk_size}")
    context = resolved("rx_exec", compute_context)
    tasks = argument_sets("rx_exec", args, times_to_run, kwargs)
    given = with_state(function, local_state)
    stop = not continue_on_failure
    if not isinstance(context, RxLocalParallel):
        context._check("rx_exec")
        packages: Sequence[str] = getattr(context, "packages_to_load", ())
        with rx_set_temp_compute_context(context):
            here = run_here(given, tasks, packages, getattr(context, "seed", None), stop)
            return collected(here, callback, stop, False)
    run = started(given, tasks, context, task_chunk_size or 1, stop)
    if not context.wait:
        from revoscalepy.functions.RxJobs import begun

        return begun(context, run, callback, stop)
    return gathered(run, callback, stop, context.console_output)


def started(
    function: Callable[..., Any],
    tasks: Sequence[Mapping[str, Any]],
    context: RxLocalParallel,
    chunk: int,
    stop_at_failure: bool,
) -> Run:
    """Tasks that run on processes with this session's options."""
    from revoscalepy._processes import Run

    options = {**RxOptions._options, "NumCoresToUse": context._threads_of_a_task()}
    return Run(
        function,
        tasks,
        processes=context._processes(),
        chunk=chunk,
        timeout=context.execution_timeout_seconds or None,
        setup={"options": options, "packages": context.packages_to_load, "seed": context.seed},
        stop_at_failure=stop_at_failure,
    )


def gathered(run: Run, callback: Callable[[Any], Any] | None, stop: bool, show: bool) -> list[Any]:
    """The results of tasks on processes; whatever happens here, no process is left behind."""
    try:
        return collected(run.outcomes(), callback, stop, show)
    finally:
        run.stop()
        run.join()


def collected(
    outcomes: Iterable[Outcome], callback: Callable[[Any], Any] | None, stop_at_failure: bool, show: bool
) -> list[Any]:
    """The results in order."""
    results = []
    for outcome in outcomes:
        if show and outcome.output:
            print(outcome.output, end="")
        if outcome.error is not None and stop_at_failure:
            raise outcome.error
        results.append(outcome.error if outcome.error is not None else outcome.value)
        if callback is not None:
            callback(results[-1])
    return results
