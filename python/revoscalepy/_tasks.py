"""Tasks of :func:`rx_exec`: their arguments, their random numbers, and what is told of those that fail."""

from __future__ import annotations

import importlib
import sys
import types
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any


class RxTaskError(RuntimeError):
    """A task that failed.

    ``task`` is its number, from 1; ``traceback`` the lines of the program that lead to the failure, as text. The
    exception of the task itself is ``__cause__``, where it could be brought over.
    """

    def __init__(self, task: int, message: str, traceback: str = "") -> None:
        super().__init__(f"task {task}: {message}" + (f"\n\n{traceback.rstrip()}" if traceback else ""))
        self.task = task
        self.traceback = traceback


class RxWorkerCrash(RxTaskError):
    """The process of a task ended before the task did."""


class RxTaskTimeout(RxTaskError, TimeoutError):
    """A task took longer than the compute context allows; its process was ended."""


@dataclass
class Outcome:
    """How a task ended: with a value or an error; and what it printed."""

    value: Any = None
    error: RxTaskError | None = None
    output: str = ""


def argument_sets(
    function: str,
    args: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None,
    times_to_run: int,
    spread: Mapping[str, Any],
) -> list[dict[str, Any]]:
    """The arguments of each execution.

    ``args`` is a dictionary for all executions or a list of one for each; of ``spread``, lists have an element for each
    execution, and one element, as all else, goes to all.
    """
    if args is None or isinstance(args, Mapping):
        of_each, common = None, dict(args or {})
    else:
        of_each, common = list(args), {}
    for given in of_each or ():
        if not isinstance(given, Mapping):
            raise TypeError(
                f"{function}: args must be a dictionary or a list of them, not of {type(given).__name__}"
            )
    lengths = {
        name: len(value) for name, value in spread.items() if isinstance(value, list) and len(value) != 1
    }
    if of_each is not None:
        lengths["args"] = len(of_each)
    if times_to_run >= 0:
        lengths["times_to_run"] = times_to_run
    if len(set(lengths.values())) > 1:
        shown = ", ".join(
            f"{name} has {length}" for name, length in lengths.items() if name != "times_to_run"
        )
        asked = f"times_to_run is {times_to_run}, " if times_to_run >= 0 else ""
        raise ValueError(
            f"{function}: {asked}{shown}: lists need an element for each execution; "
            "a list within a list is passed whole"
        )
    times = next(iter(lengths.values()), 1)

    def element(value: Any, i: int) -> Any:
        if not isinstance(value, list):
            return value
        return value[0] if len(value) == 1 else value[i]

    return [
        {**common, **(of_each[i] if of_each else {}), **{k: element(v, i) for k, v in spread.items()}}
        for i in range(times)
    ]


def with_state(function: Callable[..., Any], state: Mapping[str, Any]) -> Callable[..., Any]:
    """The function with further global variables."""
    if not state:
        return function
    if not isinstance(function, types.FunctionType):
        raise TypeError(f"rx_exec: local_state needs a plain function, not {type(function).__name__}")
    copy = types.FunctionType(
        function.__code__,
        {**function.__globals__, **state},
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )
    copy.__kwdefaults__ = function.__kwdefaults__
    copy.__qualname__ = function.__qualname__
    return copy


def load_packages(packages: Iterable[str]) -> None:
    """Import modules by their names."""
    for name in packages:
        importlib.import_module(name)


@contextmanager
def random_numbers(seed: int | None, task: int) -> Iterator[None]:
    """Random numbers that depend on the seed and the task alone; afterwards the generators are as they were."""
    if seed is None:
        yield
        return
    import random

    import numpy as np

    before = random.getstate(), np.random.get_state()
    words = np.random.SeedSequence(seed, spawn_key=(task,)).generate_state(16)
    random.seed(words[:8].tobytes())
    np.random.seed(words[8:])
    try:
        yield
    finally:
        random.setstate(before[0])
        np.random.set_state(before[1])


def told(error: BaseException, own_frames: int) -> tuple[str, str]:
    """An exception in one line, and its traceback without the first ``own_frames`` frames, which are ours."""
    import traceback

    trace = error.__traceback__
    for _ in range(own_frames):
        trace = trace.tb_next if trace is not None else None
    lines = traceback.format_exception(type(error), error, trace)
    return traceback.format_exception_only(error)[-1].strip(), "".join(lines)


def run_here(
    function: Callable[..., Any],
    argument_sets: Sequence[Mapping[str, Any]],
    packages: Sequence[str],
    seed: int | None,
    stop_at_failure: bool,
) -> Iterator[Outcome]:
    """Run the tasks one after the other in this process."""
    load_packages(packages)
    for task, arguments in enumerate(argument_sets, 1):
        sys.stdout.flush()
        try:
            with random_numbers(seed, task):
                outcome = Outcome(value=function(**arguments))
        except Exception as error:
            failure = RxTaskError(task, *told(error, 1))
            failure.__cause__ = error
            outcome = Outcome(error=failure)
        yield outcome
        if outcome.error is not None and stop_at_failure:
            return
