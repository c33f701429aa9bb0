"""Jobs: tasks that run while the program goes on. They live as long as the session."""

from __future__ import annotations

import enum
import itertools
import os
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from revoscalepy.computecontext.RxComputeContext import RxComputeContext
from revoscalepy.computecontext.RxLocalParallel import RxLocalParallel

if TYPE_CHECKING:
    from revoscalepy._processes import Run


class RxRemoteJobStatus(enum.Enum):
    """How far a job is."""

    FINISHED = "finished"
    FAILED = "failed"
    CANCELED = "canceled"
    UNDETERMINED = "undetermined"
    RUNNING = "running"
    QUEUED = "queued"


@dataclass
class _Job:
    context: RxLocalParallel
    run: Run
    callback: Callable[[Any], Any] | None
    stop_at_failure: bool
    finish: Callable[[list[Any]], Any] | None
    clean: Callable[[], None] | None
    began: datetime = field(default_factory=datetime.now)
    ended: datetime | None = None
    canceled: bool = False


_jobs: dict[str, _Job] = {}
_numbers = itertools.count(1)


class RxRemoteJob:
    """A job, by its name.

    :param compute_context: the context that it runs in.
    :param job_id: its name; ``None`` for no job.
    """

    def __init__(self, compute_context: RxComputeContext, job_id: str | None = None) -> None:
        self.compute_context = compute_context
        self.job_id = job_id

    @property
    def id(self) -> str | None:
        """The name of the job."""
        return self.job_id

    @property
    def status(self) -> RxRemoteJobStatus:
        """How far the job is, as :func:`rx_get_job_status`."""
        return rx_get_job_status(self)

    @property
    def start_time(self) -> datetime | None:
        """When the job began; ``None`` when it is not known any more."""
        job = _jobs.get(self.job_id or "")
        return job.began if job else None

    @property
    def end_time(self) -> datetime | None:
        """When the job ended; ``None`` while it runs."""
        job = _jobs.get(self.job_id or "")
        return job.ended if job else None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RxRemoteJob) and self.job_id == other.job_id

    def __hash__(self) -> int:
        return hash(self.job_id)

    def __repr__(self) -> str:
        return f"RxRemoteJob({self.job_id!r}, {self.status.value})"


def begun(
    context: RxLocalParallel,
    run: Run,
    callback: Callable[[Any], Any] | None,
    stop_at_failure: bool,
    finish: Callable[[list[Any]], Any] | None = None,
    clean: Callable[[], None] | None = None,
) -> RxRemoteJob:
    """A job of tasks that run; ``finish`` shapes its results, ``clean`` removes what only the tasks need."""
    name = f"{os.getpid()}-{next(_numbers)}"
    job = _jobs[name] = _Job(context, run, callback, stop_at_failure, finish, clean)

    def end() -> None:
        run.join()
        job.ended = datetime.now()
        if job.clean is not None:
            job.clean()

    threading.Thread(target=end, daemon=True).start()
    return RxRemoteJob(context, name)


def _known(function: str, job_info: RxRemoteJob) -> _Job:
    if not isinstance(job_info, RxRemoteJob):
        raise TypeError(f"{function}: a job is needed, not {type(job_info).__name__}")
    job = _jobs.get(job_info.job_id or "")
    if job is None:
        raise ValueError(
            f"{function}: there is no job {job_info.job_id!r} in this session; its results were fetched, "
            "or it was cleaned up"
        )
    return job


def rx_get_job_status(job_info: RxRemoteJob) -> RxRemoteJobStatus:
    """Return how far a job is; ``UNDETERMINED`` for one that is not known any more, ``FAILED`` where a task failed.

    :param job_info: the job.
    """
    job = _jobs.get(getattr(job_info, "job_id", None) or "")
    if job is None:
        return RxRemoteJobStatus.UNDETERMINED
    if job.canceled:
        return RxRemoteJobStatus.CANCELED
    if job.ended is None:
        return RxRemoteJobStatus.RUNNING
    failed = any(outcome.error is not None for outcome in job.run.ended())
    return RxRemoteJobStatus.FAILED if failed else RxRemoteJobStatus.FINISHED


def rx_get_job_info(job: RxRemoteJob) -> RxRemoteJob:
    """Return the job with its context, times and status.

    :param job: the job.
    :raises ValueError: when it is not known any more.
    """
    known = _known("rx_get_job_info", job)
    return RxRemoteJob(known.context, job.job_id)


def rx_get_job_output(job_info: RxRemoteJob) -> str:
    """Return what the tasks that ended have printed, in their order.

    :param job_info: the job.
    :raises ValueError: when it is not known any more.
    """
    return "".join(outcome.output for outcome in _known("rx_get_job_output", job_info).run.ended())


def rx_wait_for_job(job_info: RxRemoteJob) -> None:
    """Wait until a job has ended.

    :param job_info: the job.
    :raises ValueError: when it is not known any more.
    """
    job = _known("rx_wait_for_job", job_info)
    job.run.join()
    while job.ended is None:
        threading.Event().wait(0.005)


def rx_get_job_results(
    job_info: RxRemoteJob, console_output: bool | None = None, auto_cleanup: bool | None = None
) -> Any:
    """Return what the call that began the job would have returned.

    :param job_info: the job.
    :param console_output: also print what the tasks printed; ``None`` for what the context says.
    :param auto_cleanup: forget the job; ``None`` for what the context says.
    :raises RxTaskError: for the first task that failed, where the call asked not to go on.
    :raises RuntimeError: when the job runs, or was canceled.
    :raises ValueError: when it is not known any more.
    """
    from revoscalepy.functions.RxExec import collected

    job = _known("rx_get_job_results", job_info)
    status = rx_get_job_status(job_info)
    if status in (RxRemoteJobStatus.RUNNING, RxRemoteJobStatus.CANCELED):
        remedy = "; rx_wait_for_job waits for it" if status is RxRemoteJobStatus.RUNNING else ""
        raise RuntimeError(f"rx_get_job_results: job {job_info.job_id} is {status.value}{remedy}")
    show = job.context.console_output if console_output is None else console_output
    try:
        results = collected(job.run.outcomes(), job.callback, job.stop_at_failure, bool(show))
        return results if job.finish is None else job.finish(results)
    finally:
        if job.context.auto_cleanup if auto_cleanup is None else auto_cleanup:
            del _jobs[str(job_info.job_id)]


def rx_cancel_job(job_info: RxRemoteJob, console_output: bool = False) -> bool:
    """End the tasks of a job that run and begin no others.

    :param job_info: the job.
    :param console_output: print what the tasks that ended have printed.
    :returns: whether the job was running.
    :raises ValueError: when it is not known any more.
    """
    job = _known("rx_cancel_job", job_info)
    if rx_get_job_status(job_info) is not RxRemoteJobStatus.RUNNING:
        return False
    job.canceled = True
    job.run.stop()
    rx_wait_for_job(job_info)
    if console_output:
        print(rx_get_job_output(job_info), end="")
    return True


def rx_cleanup_jobs(
    job_info_list: RxRemoteJob | Iterable[RxRemoteJob], force: bool = False, verbose: bool = True
) -> None:
    """Forget jobs that have ended.

    :param job_info_list: a job or several.
    :param force: also those whose results were not fetched, and those that run, which are canceled.
    :param verbose: print which were left.
    """
    jobs = [job_info_list] if isinstance(job_info_list, RxRemoteJob) else list(job_info_list)
    for job_info in jobs:
        job = _jobs.get(job_info.job_id or "")
        if job is None:
            continue
        status = rx_get_job_status(job_info)
        if not force and status in (RxRemoteJobStatus.RUNNING, RxRemoteJobStatus.FINISHED):
            if verbose:
                print(
                    f"Job {job_info.job_id} is {status.value}; its results were not fetched. Use force=True."
                )
            continue
        rx_cancel_job(job_info)
        del _jobs[str(job_info.job_id)]


def rx_get_jobs(
    compute_context: RxComputeContext,
    exact_match: bool = False,
    start_time: datetime | None = None,
    end_time: datetime | None = None,
    states: list[RxRemoteJobStatus] | None = None,
    verbose: bool = True,
) -> list[RxRemoteJob]:
    """Return the jobs of this session in a context, in the order in which they began.

    :param compute_context: the context; jobs of contexts of the same class count, too.
    :param exact_match: only jobs of contexts with the same parameters.
    :param start_time: only jobs that began then or later.
    :param end_time: only jobs that ended then or earlier.
    :param states: only jobs in one of these states.
    :param verbose: print the jobs.
    """
    found = []
    for name, job in _jobs.items():
        job_info = RxRemoteJob(job.context, name)
        fits = job.context == compute_context if exact_match else type(job.context) is type(compute_context)
        fits = fits and (start_time is None or job.began >= start_time)
        fits = fits and (end_time is None or (job.ended is not None and job.ended <= end_time))
        if fits and (states is None or rx_get_job_status(job_info) in states):
            found.append(job_info)
    if verbose:
        for job_info in found:
            print(job_info)
    return found
