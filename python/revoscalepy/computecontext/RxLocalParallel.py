"""The context of several processes of this machine."""

from __future__ import annotations

import os
from collections.abc import Sequence

from revoscalepy.computecontext.RxComputeContext import RxComputeContext


class RxLocalParallel(RxComputeContext):
    """Processes of this machine, for :func:`rx_exec` and :func:`rx_exec_by`; analyses run as in :class:`RxLocalSeq`.

    :param num_tasks: processes; ``None`` or 0 for the option ``NumCoresToUse``, which is one for each core by default.
    :param wait: whether calls wait for their results; else they return an :class:`RxRemoteJob`. Jobs live as long as
        the session.
    :param execution_timeout_seconds: time limit of a task; ``None`` or 0 for none. The process of a task that takes
        longer is ended, and the task reported as failed.
    :param packages_to_load: names of modules that each process imports.
    :param console_output: show what tasks print, task by task.
    :param auto_cleanup: forget a job once its results were fetched.
    :param seed: whole number from which the random numbers of each task start, those of ``random`` and of numpy's
        global generator: they depend on the seed and the number of the task, not on the processes. ``None`` starts
        from what the system gives.
    :param num_threads: threads of a pass over data, in this process and in each task; ``None``: all in this process,
        and in a task the cores divided by the processes.
    """

    def __init__(
        self,
        num_tasks: int | None = None,
        wait: bool = True,
        execution_timeout_seconds: float | None = None,
        packages_to_load: Sequence[str] | None = None,
        console_output: bool = False,
        auto_cleanup: bool = True,
        seed: int | None = None,
        num_threads: int | None = None,
    ) -> None:
        super().__init__(num_threads)
        if num_tasks is not None and num_tasks < 0:
            raise ValueError(f"RxLocalParallel: num_tasks must not be negative, but is {num_tasks}")
        if execution_timeout_seconds is not None and execution_timeout_seconds < 0:
            raise ValueError(
                "RxLocalParallel: execution_timeout_seconds must not be negative, "
                f"but is {execution_timeout_seconds}"
            )
        self.num_tasks = num_tasks
        self.wait = bool(wait)
        self.execution_timeout_seconds = execution_timeout_seconds
        self.packages_to_load = [] if packages_to_load is None else list(packages_to_load)
        self.console_output = bool(console_output)
        self.auto_cleanup = bool(auto_cleanup)
        self.seed = seed

    def _processes(self) -> int:
        from revoscalepy.utils.RxOptions import RxOptions

        return self.num_tasks or max(int(RxOptions.get_option("NumCoresToUse")), 0) or os.cpu_count() or 1

    def _threads_of_a_task(self) -> int:
        return self.num_threads or max((os.cpu_count() or 1) // self._processes(), 1)
